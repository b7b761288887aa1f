//! A transport that plays back answers: the provider of the unit tests.

use std::collections::VecDeque;
use std::error::Error as _;
use std::sync::{Arc, Mutex};
use std::time::Duration;

use http::{Request, Response};

use super::gate::{Gate, GateSettings, WaitNotice};
use super::{BaseUrl, Clock, Credential, OpenAi, ProviderError, Stop, Transport, TransportError};
use crate::pacing::PaceSettings;
use crate::roster::OrganizationId;

/// One answer of the play.
#[derive(Debug, Clone)]
pub(super) enum Act {
    /// Status, headers, body.
    Say(u16, Vec<(&'static str, String)>, String),
    /// No connection.
    Refuse,
    /// The connection breaks.
    Break,
    /// Nothing, for ever.
    Hang,
    /// More than fits.
    Flood,
}

/// What the tests look at afterwards.
#[derive(Debug, Clone, Default)]
pub(super) struct Canned {
    acts: Arc<Mutex<VecDeque<Act>>>,
    requests: Arc<Mutex<Vec<Request<Vec<u8>>>>>,
    waits: Arc<Mutex<Vec<String>>>,
}

/// A status and a body.
pub(super) fn say(status: u16, body: &str) -> Act {
    Act::Say(status, Vec::new(), body.to_owned())
}

/// An error with its causes, as a person reads it.
pub(super) fn chain(error: &ProviderError) -> String {
    let mut text = error.to_string();
    let mut cause = error.source();
    while let Some(inner) = cause {
        text = format!("{text}: {inner}");
        cause = inner.source();
    }
    text
}

impl Act {
    pub(super) fn header(self, name: &'static str, value: &str) -> Self {
        match self {
            Self::Say(status, mut headers, body) => {
                headers.push((name, value.to_owned()));
                Self::Say(status, headers, body)
            }
            other => other,
        }
    }
}

impl Canned {
    pub(super) fn play(acts: impl IntoIterator<Item = Act>) -> Self {
        Self {
            acts: Arc::new(Mutex::new(acts.into_iter().collect())),
            ..Self::default()
        }
    }

    /// A gate to this play, on the runtime's clock.
    pub(super) fn gate(&self, stop: &Stop, pace: PaceSettings) -> Gate<Self> {
        let waits = Arc::clone(&self.waits);
        let settings = GateSettings {
            pace,
            seed: 1,
            on_wait: Arc::new(move |notice: WaitNotice| {
                let seconds = notice.wait.as_secs_f64().ceil();
                let WaitNotice {
                    operation,
                    wait: _,
                    reason,
                    throttled,
                    pace: _,
                } = notice;
                let after = if throttled { " after a 429" } else { "" };
                let told = format!("{operation}: {seconds} s{after}: {reason}");
                waits.lock().unwrap().push(told);
            }),
        };
        let clock = Clock::starting_at("2026-11-24T03:15:00Z".parse().unwrap());
        Gate::new(self.clone(), clock, stop.clone(), settings, None)
    }

    /// The API behind this play, with an admin key.
    pub(super) fn open_ai(&self) -> OpenAi<Self> {
        self.open_ai_with("sk-admin-test0123456789")
    }

    pub(super) fn open_ai_with(&self, key: &str) -> OpenAi<Self> {
        let gate = self.gate(&Stop::default(), PaceSettings::DEFAULT);
        Self::open_ai_behind(gate, key)
    }

    /// The API behind a gate to this play.
    pub(super) fn open_ai_behind(gate: Gate<Self>, key: &str) -> OpenAi<Self> {
        OpenAi::new(
            gate,
            BaseUrl::resolve(Some("http://127.0.0.1:1/v1"), None).unwrap(),
            Credential::parse(key).unwrap(),
            &OrganizationId::parse("org-acme").unwrap(),
        )
    }

    /// Method, path and query of every request so far.
    pub(super) fn lines(&self) -> Vec<String> {
        self.requests()
            .iter()
            .map(|request| {
                let path = request.uri().path_and_query().unwrap();
                format!("{} {path}", request.method())
            })
            .collect()
    }

    pub(super) fn requests(&self) -> Vec<Request<Vec<u8>>> {
        self.requests.lock().unwrap().clone()
    }

    /// What people were told of waits.
    pub(super) fn waits(&self) -> Vec<String> {
        self.waits.lock().unwrap().clone()
    }
}

impl Transport for Canned {
    async fn send(&self, request: Request<Vec<u8>>) -> Result<Response<Vec<u8>>, TransportError> {
        self.requests.lock().unwrap().push(request);
        // An answer takes a moment, so that concurrent requests overlap.
        tokio::time::sleep(Duration::from_millis(100)).await;
        let act = self.acts.lock().unwrap().pop_front();
        let host = "127.0.0.1:1".to_owned();
        match act.expect("the play is over") {
            Act::Say(status, headers, body) => {
                let mut response = Response::builder().status(status);
                for (name, value) in headers {
                    response = response.header(name, value);
                }
                Ok(response.body(body.into_bytes()).unwrap())
            }
            Act::Refuse => Err(TransportError::NotSent {
                host,
                source: "connection refused".into(),
            }),
            Act::Break => Err(TransportError::Lost {
                host,
                source: "connection reset".into(),
            }),
            Act::Hang => std::future::pending().await,
            Act::Flood => Err(TransportError::TooLarge {
                host,
                bytes_max: 33_554_432,
            }),
        }
    }
}
