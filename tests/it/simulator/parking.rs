//! Holding a request at a point, so that a client can be killed there.

use http::Method;
use rosterctl::provider::TransportError;
use rosterctl::simulator::{Park, ParkPoint, Release};
use serde_json::{Value, json};

use super::{Bench, INVITES, USERS, small};

const DELETE: &str = "DELETE /organization/users/{user_id}";

fn park(endpoint: Option<&str>, nth: u64, point: ParkPoint) -> Park {
    Park {
        endpoint: endpoint.map(str::to_owned),
        nth,
        point,
    }
}

#[tokio::test(start_paused = true)]
async fn a_held_request_is_cut_or_goes_on() {
    for (point, release, effect, lost) in [
        (ParkPoint::BeforeEffect, Release::Cut, 0, true),
        (ParkPoint::BeforeEffect, Release::GoOn, 1, false),
        (ParkPoint::AfterEffect, Release::Cut, 1, true),
        (ParkPoint::AfterEffect, Release::GoOn, 1, false),
    ] {
        let bench = Bench::with(&small());
        bench.simulator.park(park(Some(DELETE), 1, point));
        let request = bench.request(Method::DELETE, &format!("{USERS}/user-3"), &Value::Null);
        let watch = async {
            let parked = bench.simulator.parked().await;
            assert_eq!(
                (parked.endpoint, parked.ids),
                (DELETE, vec!["user-3".to_owned()])
            );
            let before_release = usize::from(point == ParkPoint::AfterEffect);
            assert_eq!(bench.simulator.mutations().len(), before_release);
            bench.simulator.release(release);
        };
        let (seen, ()) = tokio::join!(bench.attempt(request), watch);
        match seen {
            Ok(seen) => assert!(!lost && seen.status == 200, "{point:?}"),
            Err(error) => assert!(
                lost && matches!(error, TransportError::Lost { .. }),
                "{point:?}"
            ),
        }
        assert_eq!(
            bench.simulator.mutations().len(),
            effect,
            "{point:?} {release:?}"
        );
        assert_eq!(bench.get(USERS).await.status, 200);
    }
}

#[tokio::test(start_paused = true)]
async fn after_the_answer_the_next_request_is_held_whatever_it_is() {
    let bench = Bench::with(&small());
    bench.simulator.park(park(None, 2, ParkPoint::AfterAnswer));
    assert_eq!(
        bench.delete(&format!("{INVITES}/pending")).await.status,
        200
    );
    assert_eq!(bench.get(USERS).await.status, 200);
    assert_eq!(bench.delete(&format!("{USERS}/user-3")).await.status, 200);
    let next = bench.request(Method::GET, USERS, &Value::Null);
    let after = bench.request(Method::DELETE, &format!("{USERS}/user-2"), &Value::Null);
    let watch = async {
        assert_eq!(
            bench.simulator.parked().await.endpoint,
            "GET /organization/users"
        );
        bench.simulator.release(Release::Cut);
        // Arming again at once frees what was held all the same.
        bench
            .simulator
            .park(park(Some(DELETE), 9, ParkPoint::BeforeEffect));
    };
    let (next, after, ()) = tokio::join!(bench.attempt(next), bench.attempt(after), watch);
    assert!(next.is_err() && after.is_err());
    let done: Vec<_> = bench
        .simulator
        .mutations()
        .iter()
        .map(|change| change.id.clone())
        .collect();
    assert_eq!(done, ["pending", "user-3"]);
}

#[tokio::test(start_paused = true)]
async fn the_controls_do_the_same_over_http() {
    let bench = Bench::with(&small());
    let armed = bench
        .post("/_sim/park", json!({"nth": 1, "point": "before-effect"}))
        .await;
    assert_eq!(armed.body, json!({"armed": true}));
    let request = bench.request(Method::DELETE, &format!("{USERS}/user-3"), &Value::Null);
    let watch = async {
        let parked = bench.get("/_sim/park").await;
        assert_eq!(parked.body, json!({"endpoint": DELETE, "ids": ["user-3"]}));
        let released = bench.delete("/_sim/park?then=cut").await;
        assert_eq!(released.body, json!({"released": "cut"}));
    };
    let (seen, ()) = tokio::join!(bench.attempt(request), watch);
    assert!(seen.is_err());
    assert_eq!(bench.simulator.mutations(), []);
    assert_eq!(
        bench
            .post("/_sim/park", json!({"nth": 1, "point": "somewhere"}))
            .await
            .status,
        400
    );
}
