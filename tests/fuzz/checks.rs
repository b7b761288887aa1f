//! What must hold for any bytes that arrive from outside; each check panics where it does not.
//!
//! The fuzz targets call these functions with what they make up, and `cargo test` with the corpus.

use std::sync::Arc;

use jiff::{SignedDuration, Timestamp};
use rosterctl::desired::{Edit, Fields, Source, diagnostics, edit, format, parse};
use rosterctl::document::{ReviewedPlan, SnapshotDocument};
use rosterctl::journal::{decode, encode, replay};
use rosterctl::pacing::{Hints, PaceSettings};
use rosterctl::provider::{
    BaseUrl, Clock, Credential, Gate, GateSettings, OpenAi, Stop, Transport, TransportError,
};
use rosterctl::reconcile::observe;
use rosterctl::roster::{Email, OrganizationId};

/// Noon of the day on which checks happen, in seconds.
const NOW_S: i64 = 1_795_521_600;

/// A members file ends in a roster or in violations that can be shown; what is edited or laid out stays valid.
pub(crate) fn members(bytes: &[u8]) {
    let Ok(text) = std::str::from_utf8(bytes) else {
        return;
    };
    let sources = [Source {
        name: "members.toml".to_owned(),
        text: text.to_owned(),
    }];
    if let Err(violations) = parse(&sources) {
        assert!(!violations.is_empty());
        drop(diagnostics::render(&violations, &sources, false));
        return;
    }
    if let Ok(once) = format(&sources) {
        assert_eq!(format(&once).expect("what is laid out can be"), once);
    }
    let email = Email::parse("fuzz@acme.dev").expect("an address");
    let add = Edit::Add {
        email: email.clone(),
        fields: Fields::default(),
        into: None,
        if_absent: false,
    };
    if let Ok(added) = edit(&sources, &[add]) {
        let roster = parse(&added).expect("an edit checks its result");
        assert!(roster.members.contains_key(&email));
    }
}

/// A reviewed plan is read or refused.
pub(crate) fn plan(bytes: &[u8]) {
    if let Ok(text) = std::str::from_utf8(bytes) {
        drop(ReviewedPlan::parse(text));
    }
}

/// A snapshot is read or refused, and what was read is a roster or is none for a reason.
pub(crate) fn snapshot(bytes: &[u8]) {
    let Ok(text) = std::str::from_utf8(bytes) else {
        return;
    };
    let organization = OrganizationId::parse("org-Practice").expect("an id");
    let Ok(document) = SnapshotDocument::parse(text, &organization) else {
        return;
    };
    drop(document.admin_keys());
    if let Err(faults) = document.roster() {
        assert!(!faults.is_empty());
    }
}

/// A journal is read or refused, and what was read is written back as it was understood.
pub(crate) fn journal(bytes: &[u8]) {
    let Ok(decoded) = decode(bytes) else {
        return;
    };
    drop(replay(&decoded.records));
    let written: String = decoded.records.iter().map(encode).collect();
    let again = decode(written.as_bytes()).expect("what was written can be read");
    assert_eq!(again.records, decoded.records);
}

/// The headers and the body of an answer never ask for a wait of more than a day.
pub(crate) fn headers(bytes: &[u8]) {
    let text = String::from_utf8_lossy(bytes);
    let (head, body) = text.split_once("\n\n").unwrap_or((&text, ""));
    let header = |name: &str| {
        head.lines()
            .filter_map(|line| line.split_once(':'))
            .find(|(key, _)| *key == name)
            .map(|(_, value)| value)
    };
    let now = Timestamp::from_second(NOW_S).expect("a time of this century");
    let hints = Hints::read(header, body, now);
    for wait in [hints.quota.wait(), hints.retry_after, hints.quota.reset]
        .into_iter()
        .flatten()
    {
        let wait = SignedDuration::try_from(wait).expect("a short time");
        assert!(wait <= SignedDuration::from_hours(24), "{wait}");
    }
}

/// Answers every request with the same body.
struct Echo(Vec<u8>);

impl Transport for Echo {
    async fn send(
        &self,
        _request: http::Request<Vec<u8>>,
    ) -> Result<http::Response<Vec<u8>>, TransportError> {
        Ok(http::Response::new(self.0.clone()))
    }
}

/// A page of the API, whatever it says, ends in a roster or in an error.
pub(crate) fn wire(bytes: &[u8]) {
    let stop = Stop::default();
    let now = Timestamp::from_second(NOW_S).expect("a time of this century");
    let clock = Clock::starting_at(now);
    let settings = GateSettings {
        pace: PaceSettings::DEFAULT,
        seed: 1,
        on_wait: Arc::new(|_| {}),
    };
    let gate = Gate::new(Echo(bytes.to_vec()), clock, stop.clone(), settings, None);
    let base = BaseUrl::resolve(Some("http://127.0.0.1:9/v1"), None).expect("an address");
    let key = Credential::parse("sk-admin-test-1234567890").expect("a key");
    let organization = OrganizationId::parse("org-test").expect("an id");
    let client = OpenAi::new(gate, base, key, &organization);
    let runtime = tokio::runtime::Builder::new_current_thread()
        .enable_time()
        .start_paused(true)
        .build()
        .expect("a runtime");
    drop(runtime.block_on(observe(&client, &stop)));
}
