//! Answers: a JSON document, or one of the error shapes that the API is known to send (API contract, section 10).

use std::borrow::Cow;

use axum::http::StatusCode;
use serde_json::{Value, json};

/// What an endpoint answers.
pub(super) type Answer = Result<Value, ApiError>;

/// An error as it goes over the wire.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct ApiError {
    /// The status.
    pub(super) status: StatusCode,
    /// The body.
    pub(super) shape: Shape,
}

/// The shapes of an error's body.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Shape {
    /// `{"error":{"message","type","param","code"}}`.
    Object {
        /// What went wrong, in a sentence.
        message: String,
        /// The class of error.
        kind: &'static str,
        /// The request's field that is wrong.
        param: Option<&'static str>,
        /// The machine-readable reason.
        code: Option<Cow<'static, str>>,
    },
    /// `{"error":"…"}`, the way a missing scope is said.
    Text(String),
    /// `{"code":404,"message":"…"}`, the way projects say it.
    Flat(String),
}

impl ApiError {
    /// The usual shape.
    pub(super) fn object(status: StatusCode, message: String, code: Option<&'static str>) -> Self {
        let kind = if status.is_server_error() {
            "server_error"
        } else {
            "invalid_request_error"
        };
        Self {
            status,
            shape: Shape::Object {
                message,
                kind,
                param: None,
                code: code.map(Cow::Borrowed),
            },
        }
    }

    /// A 400 about one field of the request.
    pub(super) fn bad(param: &'static str, message: String) -> Self {
        Self {
            status: StatusCode::BAD_REQUEST,
            shape: Shape::Object {
                message,
                kind: "invalid_request_error",
                param: Some(param),
                code: Some(Cow::Borrowed("invalid_value")),
            },
        }
    }

    /// A 404 about an object.
    pub(super) fn missing(what: &str, id: &str) -> Self {
        Self::object(
            StatusCode::NOT_FOUND,
            format!("No {what} found with id '{id}'."),
            Some("not_found"),
        )
    }

    /// The flat shape, with its numeric code.
    pub(super) fn flat(status: StatusCode, message: String) -> Self {
        Self {
            status,
            shape: Shape::Flat(message),
        }
    }

    /// The bare-string shape.
    pub(super) fn text(status: StatusCode, message: String) -> Self {
        Self {
            status,
            shape: Shape::Text(message),
        }
    }

    /// The body.
    pub(super) fn body(&self) -> Value {
        match &self.shape {
            Shape::Object {
                message,
                kind,
                param,
                code,
            } => {
                json!({"error": {"message": message, "type": kind, "param": param, "code": code}})
            }
            Shape::Text(message) => json!({"error": message}),
            Shape::Flat(message) => json!({"code": self.status.as_u16(), "message": message}),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_error_has_one_of_three_shapes() {
        for (error, body) in [
            (
                ApiError::bad("limit", "too large".to_owned()),
                r#"{"error":{"code":"invalid_value","message":"too large","param":"limit","type":"invalid_request_error"}}"#,
            ),
            (
                ApiError::text(StatusCode::FORBIDDEN, "no scope".to_owned()),
                r#"{"error":"no scope"}"#,
            ),
            (
                ApiError::flat(StatusCode::NOT_FOUND, "no project".to_owned()),
                r#"{"code":404,"message":"no project"}"#,
            ),
        ] {
            assert_eq!(error.body().to_string(), body);
        }
    }
}
