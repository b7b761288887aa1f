//! What stands between here and the organization, each with a clear error and nothing lost.

use std::io::{Read as _, Write as _};
use std::net::TcpListener;
use std::thread;

#[cfg(unix)]
use super::Ran;
use super::{Desk, MEMBERS, Organization, acme};

const KEY: &str = "sk-admin-test-of-the-network";

/// Answers every request with the same bytes, for as long as the test runs.
pub(crate) fn canned(answer: impl Into<String>) -> String {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let address = listener.local_addr().unwrap();
    let answer = answer.into();
    thread::spawn(move || {
        for stream in listener.incoming() {
            let mut stream = stream.unwrap();
            let mut head = [0; 4096];
            // A client that is content closes first.
            let _ = stream.read(&mut head);
            let _ = stream.write_all(answer.as_bytes());
        }
    });
    format!("http://{address}/v1")
}

/// An answer with a body, and the connection closed after it.
pub(crate) fn http(status: &str, kind: &str, body: &str) -> String {
    format!(
        "HTTP/1.1 {status}\r\ncontent-type: {kind}\r\ncontent-length: {}\r\nconnection: close\r\n\r\n{body}",
        body.len()
    )
}

fn at(base_url: &str) -> Desk {
    Desk::new(MEMBERS)
        .with("OPENAI_ADMIN_KEY", KEY)
        .with("OPENAI_BASE_URL", base_url)
}

#[test]
fn without_a_key_that_can_be_one_nothing_is_sent() {
    let desk = Desk::new(MEMBERS);
    let mut shown = desk.run(&["plan"]).shown();
    desk.write("empty.txt", "\n");
    for file in ["empty.txt", "missing.txt"] {
        shown += &desk.run(&["plan", "--admin-key-file", file]).shown();
    }
    let desk = Desk::new(MEMBERS).with("OPENAI_ADMIN_KEY", "sk-admin-test two");
    shown += &desk.run(&["plan"]).shown();
    insta::assert_snapshot!(shown, @"
    exit 1
    --- out
    --- err
    error: there is no admin key: OPENAI_ADMIN_KEY is not set
    hint: set it to an admin key of the organization, or name a file: --admin-key-file FILE
    exit 1
    --- out
    --- err
    error: the admin key in empty.txt cannot be used
      caused by: the admin key is empty
    hint: the file or variable holds the key and nothing else, as `sk-admin-…`
    exit 1
    --- out
    --- err
    error: there is no file missing.txt
    hint: see which files there are: ls .
    exit 1
    --- out
    --- err
    error: the admin key in OPENAI_ADMIN_KEY cannot be used
      caused by: the admin key has a character that no key has, at position 14
    hint: the file or variable holds the key and nothing else, as `sk-admin-…`
    ");
}

#[test]
fn a_key_that_is_none_or_another_kind_says_so() {
    let organization = Organization::start(&acme(&["bob"]), &[]);
    let desk = |key: &str| {
        Desk::new(MEMBERS)
            .with("OPENAI_BASE_URL", organization.base_url())
            .with("OPENAI_ADMIN_KEY", key)
    };
    let shown = desk("sk-proj-test-of-a-project").run(&["plan"]).shown()
        + &desk("sk-admin-test-of-nobody").run(&["plan"]).shown();
    insta::assert_snapshot!(shown, @"
    exit 1
    --- out
    --- err
    error: the organization could not be read
      caused by: the key may not call `GET /organization/invites` (status 403, request REQUEST): You have insufficient permissions for this operation. Missing scopes: api.management.read.
    hint: this needs an admin key (`sk-admin-…`), and the key in use begins with `sk-proj-`; an owner makes one at https://platform.openai.com/settings/organization/admin-keys
    exit 1
    --- out
    --- err
    error: the organization could not be read
      caused by: the key was not accepted for `GET /organization/invites` (status 401, request REQUEST): Incorrect API key provided: sk-admin...ody.
    hint: check OPENAI_ADMIN_KEY, or make a new admin key at https://platform.openai.com/settings/organization/admin-keys
    ");
}

#[test]
fn another_organization_is_refused() {
    let organization = Organization::start(&acme(&["bob"]), &[]);
    let other = MEMBERS.replace("org-Acme", "org-Other");
    let mut shown = Desk::at(&organization, &other).run(&["plan"]).shown();
    let desk = Desk::at(&organization, MEMBERS).with("OPENAI_ORG_ID", "org-Other");
    shown += &desk.run(&["plan"]).shown();
    insta::assert_snapshot!(shown, @"
    exit 1
    --- out
    --- err
    error: the organization could not be read
      caused by: the key was not accepted for `GET /organization/invites` (status 401, request REQUEST): No such organization: org-Other.
    hint: the key is of another organization: use a key of the one that [organization].id names, or correct the id
    exit 3
    --- out
    Refused:
      ! wrong-organization
          OPENAI_ORG_ID is org-Other, and the file is about org-Acme
          Way on: unset OPENAI_ORG_ID, or use the members file of that organization
    --- err
    ");
}

#[test]
fn a_host_that_was_not_named_never_sees_the_key() {
    let mut shown = at("https://gateway.acme.dev/v1").run(&["plan"]).shown();
    shown += &at("http://api.openai.com/v1").run(&["plan"]).shown();
    insta::assert_snapshot!(shown, @"
    exit 1
    --- out
    --- err
    error: the admin key would not be sent
      caused by: OPENAI_BASE_URL points at gateway.acme.dev; to send the admin key there, say --api-host gateway.acme.dev
    exit 1
    --- out
    --- err
    error: the admin key would not be sent
      caused by: OPENAI_BASE_URL is plain http to api.openai.com, and plain http is taken to this machine only
    ");
}

#[test]
#[cfg(unix)] // The system words its own part of the message.
fn a_server_that_is_not_the_api_is_named_for_what_it_is() {
    // The first three are tried again for some seconds, so all wait side by side.
    let gone = TcpListener::bind("127.0.0.1:0")
        .unwrap()
        .local_addr()
        .unwrap();
    let page = http("200 OK", "text/html", "<html>Sign in</html>");
    let servers = [
        format!("http://{gone}/v1"),
        canned(page),
        canned(http(
            "200 OK",
            "application/json",
            "{\"object\":\"list\",\"data\":[",
        )),
        canned("no HTTP at all").replace("http:", "https:"),
        canned(http(
            "302 Found\r\nlocation: https://elsewhere.dev/",
            "text/html",
            "",
        )),
    ];
    let runs: Vec<_> = servers
        .map(|base_url| thread::spawn(move || at(&base_url).run(&["plan"])))
        .into_iter()
        .map(|run| run.join().unwrap())
        .collect();
    let without_waits = |ran: Ran| {
        let lines = ran.err.split_inclusive('\n');
        let err = lines.filter(|line| !line.contains("waiting")).collect();
        Ran { err, ..ran }
    };
    let shown: String = runs
        .into_iter()
        .map(|ran| without_waits(ran).shown())
        .collect();
    insta::assert_snapshot!(shown, @"
    exit 1
    --- out
    --- err
    error: the organization could not be read
      caused by: `GET /organization/invites` was not sent
      caused by: could not connect to 127.0.0.1:PORT
      caused by: error sending request
      caused by: client error (Connect)
      caused by: tcp connect error
      caused by: Connection refused (os error 111)
    hint: check that the host is reachable from here: OPENAI_BASE_URL, HTTPS_PROXY, DNS
    exit 1
    --- out
    --- err
    error: the organization could not be read
      caused by: page 1 of `GET /organization/invites` cannot be trusted (status 200)
      caused by: the answer is a web page
    hint: a proxy, gateway or portal answered instead of the API: check HTTPS_PROXY and OPENAI_BASE_URL
    exit 1
    --- out
    --- err
    error: the organization could not be read
      caused by: page 1 of `GET /organization/invites` cannot be trusted (status 200)
      caused by: the answer is not the JSON that the API sends
      caused by: EOF while parsing a list at line 1 column 25
    hint: nothing was planned from an incomplete list; run again, and with -vv if it stays
    exit 1
    --- out
    --- err
    error: the organization could not be read
      caused by: `GET /organization/invites` was not sent
      caused by: no trusted TLS connection to 127.0.0.1:PORT
      caused by: error sending request
      caused by: client error (Connect)
      caused by: received corrupt message of type InvalidContentType
    hint: if a company proxy re-signs TLS, name its certificates with SSL_CERT_FILE; https needs a server that speaks TLS
    exit 1
    --- out
    --- err
    error: the organization could not be read
      caused by: the answer to `GET /organization/invites` is not the API's (status 302)
      caused by: the answer is a redirect
    hint: redirects are not followed: set OPENAI_BASE_URL to the API itself, ending in /v1
    ");
}
