//! The sockets against servers that misbehave: what was surely not sent, and what may have been.

use std::error::Error as _;
use std::future::Future;

use http::{Method, Request, Response};
use rosterctl::provider::{BaseUrl, Sockets, Transport as _, TransportError};
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::{TcpListener, TcpStream};

/// Sends one request to a server on `scheme`, which does `serve` with each connection; returns how many there were.
async fn exchange<F: Future<Output = ()>>(
    scheme: &str,
    method: Method,
    serve: impl Fn(TcpStream) -> F,
) -> (Result<Response<Vec<u8>>, TransportError>, usize) {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let text = format!("{scheme}://{}/v1", listener.local_addr().unwrap());
    let sockets = Sockets::new(&BaseUrl::resolve(Some(&text), None).unwrap()).unwrap();
    let request = Request::builder()
        .method(method)
        .uri(format!("{text}/organization/users/user-secret"))
        .body(Vec::new())
        .unwrap();
    let mut connections = 0;
    let server = async {
        loop {
            let (stream, _) = listener.accept().await.unwrap();
            connections += 1;
            serve(stream).await;
        }
    };
    let result = tokio::select! {
        result = sockets.send(request) => result,
        () = server => unreachable!(),
    };
    (result, connections)
}

/// Reads a request's head.
async fn head(stream: &mut TcpStream) {
    let mut head = Vec::new();
    while !head.ends_with(b"\r\n\r\n") {
        head.push(stream.read_u8().await.unwrap());
    }
}

/// Reads the request's head, answers with `answer`, and closes.
async fn answer(mut stream: TcpStream, answer: &[u8]) {
    head(&mut stream).await;
    // A client that has seen enough closes first.
    let _ = stream.write_all(answer).await;
    let _ = stream.shutdown().await;
}

fn text(error: &TransportError) -> String {
    let mut text = error.to_string();
    let mut cause = error.source();
    while let Some(inner) = cause {
        text = format!("{text}: {inner}");
        cause = inner.source();
    }
    text
}

#[tokio::test]
async fn a_refused_connection_was_not_sent() {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let address = listener.local_addr().unwrap();
    drop(listener);
    let base = BaseUrl::resolve(Some(&format!("http://{address}")), None).unwrap();
    let request = Request::delete(format!("http://{address}/user-secret"))
        .body(Vec::new())
        .unwrap();
    let error = Sockets::new(&base)
        .unwrap()
        .send(request)
        .await
        .unwrap_err();
    assert!(matches!(error, TransportError::NotSent { .. }), "{error:?}");
    let text = text(&error);
    assert!(
        text.starts_with(&format!("could not connect to {address}: ")),
        "{text}"
    );
    assert!(!text.contains("user-secret"), "{text}");
}

#[tokio::test]
async fn a_broken_answer_may_have_been_sent_and_is_not_asked_for_again() {
    for broken in [
        &b""[..],
        b"HTTP/1.1 200 OK\r\ncontent-length: 100\r\n\r\n{\"id\":",
        b"HTTP/1.1 200 OK\r\ntransfer-encoding: chunked\r\n\r\n5\r\n{\"id",
        b"nonsense\r\n\r\n",
    ] {
        let (result, connections) =
            exchange("http", Method::DELETE, |stream| answer(stream, broken)).await;
        let error = result.unwrap_err();
        assert!(matches!(error, TransportError::Lost { .. }), "{error:?}");
        assert!(!text(&error).contains("user-secret"), "{}", text(&error));
        assert_eq!(connections, 1);
    }
}

#[tokio::test]
async fn an_answer_without_end_is_cut_off() {
    let (result, _) = exchange("http", Method::GET, async |mut stream: TcpStream| {
        head(&mut stream).await;
        let _ = stream.write_all(b"HTTP/1.1 200 OK\r\n\r\n").await;
        let chunk = vec![b' '; 1 << 20];
        while stream.write_all(&chunk).await.is_ok() {}
    })
    .await;
    let error = result.unwrap_err();
    assert!(
        matches!(
            error,
            TransportError::TooLarge {
                bytes_max: 33_554_432,
                ..
            }
        ),
        "{error:?}"
    );
}

#[tokio::test]
async fn neither_a_redirect_nor_a_failure_is_followed_up() {
    for (status, head) in [
        (301, "301 Moved Permanently\r\nlocation: /v1/elsewhere"),
        (307, "307 Temporary Redirect\r\nlocation: /v1/elsewhere"),
        (503, "503 Service Unavailable\r\nretry-after: 0"),
    ] {
        let whole =
            format!("HTTP/1.1 {head}\r\nx-request-id: req_1\r\ncontent-length: 2\r\n\r\n{{}}");
        let (result, connections) = exchange("http", Method::DELETE, |stream| {
            answer(stream, whole.as_bytes())
        })
        .await;
        let response = result.unwrap();
        assert_eq!(response.status(), status);
        assert_eq!(response.headers()["x-request-id"], "req_1");
        assert_eq!(response.into_body(), b"{}");
        assert_eq!(connections, 1);
    }
}

/// The test over sockets, once more in a process whose environment is hostile.
#[test]
fn this_machine_needs_neither_certificates_nor_a_proxy() {
    let run = std::process::Command::new(std::env::current_exe().unwrap())
        .args(["provider::it_works_over_sockets", "--exact"])
        .env("HTTP_PROXY", "http://127.0.0.1:9")
        .env("http_proxy", "http://127.0.0.1:9")
        .env("ALL_PROXY", "http://127.0.0.1:9")
        .env("SSL_CERT_FILE", "/nonexistent")
        .env("SSL_CERT_DIR", "/nonexistent")
        .output()
        .unwrap();
    let output = String::from_utf8_lossy(&run.stdout);
    assert!(run.status.success(), "{output}");
    assert!(output.contains("1 passed"), "{output}");
}

#[tokio::test]
async fn a_server_without_tls_is_told_from_one_that_is_down() {
    let (result, connections) = exchange("https", Method::DELETE, async |mut stream: TcpStream| {
        let _ = stream.write_all(b"HTTP/1.1 400 Bad Request\r\n\r\n").await;
    })
    .await;
    let error = result.unwrap_err();
    assert!(
        matches!(error, TransportError::Tls { .. }),
        "{}",
        text(&error)
    );
    assert_eq!(connections, 1);
}
