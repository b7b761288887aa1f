//! The query string: every parameter in order, as often as it was sent.

use axum::http::Uri;

use super::answer::ApiError;

/// Rows in a page when `limit` is not sent (API contract, section 2).
const LIMIT_DEFAULT: usize = 20;
/// Rows in a page at most.
const LIMIT_MAX: usize = 100;

/// The parameters of a request.
#[derive(Debug, Clone, Default)]
pub(super) struct Query {
    pairs: Vec<(String, String)>,
}

impl Query {
    /// Reads the parameters of a URI.
    pub(super) fn of(uri: &Uri) -> Result<Self, ApiError> {
        match axum::extract::Query::<Vec<(String, String)>>::try_from_uri(uri) {
            Ok(axum::extract::Query(pairs)) => Ok(Self { pairs }),
            Err(rejection) => Err(ApiError::bad("query", rejection.body_text())),
        }
    }

    /// Returns the last value of a parameter that is not empty.
    pub(super) fn one(&self, name: &str) -> Option<&str> {
        self.pairs
            .iter()
            .rev()
            .find(|(key, value)| key == name && !value.is_empty())
            .map(|(_, value)| value.as_str())
    }

    /// Returns every value of an array: `name[]=a&name[]=b`, or the same without brackets.
    pub(super) fn all(&self, name: &str) -> Vec<&str> {
        self.pairs
            .iter()
            .filter(|(key, _)| key.strip_suffix("[]").unwrap_or(key) == name)
            .map(|(_, value)| value.as_str())
            .collect()
    }

    /// Returns the size of a page, 1 to 100.
    pub(super) fn limit(&self) -> Result<usize, ApiError> {
        let Some(text) = self.one("limit") else {
            return Ok(LIMIT_DEFAULT);
        };
        text.parse()
            .ok()
            .filter(|limit| (1..=LIMIT_MAX).contains(limit))
            .ok_or_else(|| {
                ApiError::bad(
                    "limit",
                    format!("Invalid 'limit': an integer from 1 to {LIMIT_MAX}, but got '{text}'."),
                )
            })
    }

    /// Returns a parameter that is one of a few words, or the first of them when it is not sent.
    pub(super) fn choice<const N: usize>(
        &self,
        name: &'static str,
        words: [&'static str; N],
    ) -> Result<&'static str, ApiError> {
        let Some(text) = self.one(name) else {
            return Ok(words[0]);
        };
        words.into_iter().find(|word| *word == text).ok_or_else(|| {
            ApiError::bad(
                name,
                format!("Invalid value: '{text}'. Supported values are: {words:?}."),
            )
        })
    }

    /// Returns an integer parameter.
    pub(super) fn integer(&self, name: &'static str) -> Result<Option<i64>, ApiError> {
        let Some(text) = self.one(name) else {
            return Ok(None);
        };
        text.parse().map(Some).map_err(|error| {
            ApiError::bad(
                name,
                format!("Invalid '{name}': '{text}' is no integer ({error})."),
            )
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn query(text: &str) -> Query {
        Query::of(&format!("/v1/organization/users?{text}").parse().unwrap()).unwrap()
    }

    #[test]
    fn a_page_has_1_to_100_rows() {
        for (text, limit) in [
            ("", Some(20)),
            ("limit=1", Some(1)),
            ("limit=100", Some(100)),
            ("limit=0", None),
            ("limit=101", None),
            ("limit=-1", None),
            ("limit=ten", None),
        ] {
            assert_eq!(query(text).limit().ok(), limit, "{text}");
        }
    }

    #[test]
    fn arrays_come_with_or_without_brackets() {
        for text in [
            "emails[]=a%40acme.dev&emails[]=b",
            "emails=a@acme.dev&emails=b",
            "emails%5B%5D=a%40acme.dev&emails%5B%5D=b",
        ] {
            assert_eq!(query(text).all("emails"), ["a@acme.dev", "b"], "{text}");
        }
    }

    #[test]
    fn a_word_that_is_not_offered_is_refused() {
        let words = ["asc", "desc"];
        assert_eq!(query("").choice("order", words), Ok("asc"));
        assert_eq!(query("order=desc").choice("order", words), Ok("desc"));
        assert!(query("order=down").choice("order", words).is_err());
        assert_eq!(
            query("effective_at[gte]=5").integer("effective_at[gte]"),
            Ok(Some(5))
        );
        assert!(
            query("effective_at[gte]=x")
                .integer("effective_at[gte]")
                .is_err()
        );
    }
}
