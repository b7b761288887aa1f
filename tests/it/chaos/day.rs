//! One bad day: an organization and a members file made from a seed, and one whole run over them.

use std::fmt;
use std::fmt::Write as _;
use std::num::NonZeroU32;
use std::time::Duration;

use rosterctl::apply::{Conditions, End};
use rosterctl::outcome::Exit;
use rosterctl::provider::Clock;
use rosterctl::reconcile::{Finished, Prepared, Unverified, finish, observe};
use rosterctl::roster::LiveRoster;
use rosterctl::simulator::{Hints, Limit, Settings};

use crate::support::{Case, admin_key, file, outcomes, pending, quiet, roster, started_at, user};

/// A day that is over.
pub(super) struct Day {
    pub(super) seed: u64,
    pub(super) case: Case,
    pub(super) ending: Ending,
}

/// How a run ended.
pub(super) enum Ending {
    /// The organization could not be read.
    Unread(String),
    /// There is no plan that may be executed.
    Refused(String),
    /// The plan was executed, over what was live before.
    Finished(Box<Finished>, LiveRoster),
}

impl Day {
    /// Lives through the day of a seed.
    pub(super) fn live(seed: u64) -> Self {
        tokio::runtime::Builder::new_current_thread()
            .enable_time()
            .start_paused(true)
            .build()
            .unwrap()
            .block_on(async {
                let mut case = make(seed);
                let ending = run(&mut case, patience(seed)).await;
                Self { seed, case, ending }
            })
    }

    /// Whether somebody asked the run to stop, while there was something left to do.
    pub(super) fn was_stopped(&self) -> bool {
        match &self.ending {
            Ending::Unread(_) => self.case.stop.is_requested(),
            Ending::Refused(_) => false,
            Ending::Finished(finished, _) => {
                matches!(finished.ended, Some(End::Stopped))
                    || matches!(finished.verification, Some(Err(Unverified::Stopped)))
            }
        }
    }

    pub(super) fn exit(&self) -> Exit {
        match &self.ending {
            Ending::Unread(_) => Exit::Failure,
            Ending::Refused(_) => Exit::Refused,
            Ending::Finished(finished, _) => finished.exit(),
        }
    }
}

/// What a person needs who looks into a seed.
impl fmt::Display for Day {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let mut story = format!("seed {}, exit {}\n", self.seed, self.exit().code());
        if self.was_stopped() {
            story.push_str("  stopped\n");
        }
        let mut say = |line: &str| writeln!(story, "  {line}");
        self.case.story().iter().try_for_each(|line| say(line))?;
        match &self.ending {
            Ending::Unread(why) | Ending::Refused(why) => say(why)?,
            Ending::Finished(finished, _) => {
                say(&format!("ended early: {:?}", finished.ended))?;
                say(&format!("withheld: {:?}", finished.judgement.withheld))?;
                outcomes(finished).iter().try_for_each(|line| say(line))?;
                say(&format!("{:?}", finished.verification))?;
            }
        }
        for change in self.case.simulator.mutations() {
            say(&format!("{change:?}"))?;
        }
        say(&format!("faults: {:?}", self.case.simulator.faults()))?;
        f.write_str(&story)
    }
}

/// Makes an organization in which every kind of change is due, and a file that asks for them.
fn make(seed: u64) -> Case {
    let mut rng = fastrand::Rng::with_seed(seed);
    let (mut users, mut invites, mut lines) = (Vec::new(), Vec::new(), String::new());
    let mut required = vec!["\"ada@acme.dev\"".to_owned()];
    users.push(user("user-ada", "ada@acme.dev", "owner"));
    let mut declare = |email: &str, role: &str| {
        writeln!(lines, "\"{email}\" = {{ role = \"{role}\" }}").unwrap();
    };
    for at in 0..rng.usize(2..5) {
        let email = format!("stays{at}@acme.dev");
        users.push(user(&format!("user-stays-{at}"), &email, "reader"));
        declare(&email, "reader");
    }
    for at in 0..rng.usize(0..3) {
        let email = format!("rises{at}@acme.dev");
        users.push(user(&format!("user-rises-{at}"), &email, "reader"));
        declare(&email, "owner");
        required.push(format!("\"{email}\""));
    }
    for at in 0..rng.usize(1..3) {
        let email = format!("falls{at}@acme.dev");
        users.push(user(&format!("user-falls-{at}"), &email, "owner"));
        declare(&email, "reader");
    }
    for at in 0..rng.usize(1..7) {
        let role = if rng.u8(..8) == 0 { "owner" } else { "reader" };
        let email = format!("leaves{at}@acme.dev");
        users.push(user(&format!("user-leaves-{at}"), &email, role));
    }
    for at in 0..rng.usize(0..3) {
        invites.push(pending(
            &format!("invite-{at}"),
            &format!("unwanted{at}@acme.dev"),
            "reader",
        ));
    }
    if rng.bool() {
        // Cancel, then invite.
        invites.push(pending("invite-other", "rerole@acme.dev", "owner"));
        declare("rerole@acme.dev", "reader");
    }
    for at in 0..rng.usize(0..3) {
        declare(&format!("joins{at}@acme.dev"), "reader");
    }
    let mut keys = Vec::new();
    for row in &users {
        let id = row["id"].as_str().unwrap();
        let outlives = id.starts_with("user-falls") || id.starts_with("user-leaves");
        if outlives && rng.u8(..3) == 0 {
            keys.push(admin_key(&format!("key-of-{id}"), id));
        }
    }
    rng.shuffle(&mut users);
    let mut rows = roster(users, invites);
    rows.admin_api_keys.extend(keys);
    let text = file(&lines).replace("[guardrails]", "admin_keys = \"revoke\"\n[guardrails]");
    let text = text.replace(
        "owners_min = 1",
        &format!(
            "owners_min = 1\nrevocations_max = 40\nrequired_owners = [{}]",
            required.join(", ")
        ),
    );
    let settings = Settings {
        seed,
        latency: Duration::from_millis(rng.u64(0..200)),
        // One day in sixteen, an effect shows later than it is waited for.
        lag: Duration::from_millis(match rng.u8(..16) {
            0..8 => 0,
            8..12 => 300,
            12..15 => 3_000,
            _ => 75_000,
        }),
        limit: limit(&mut rng),
        hints: *rng
            .choice(&[Hints::None, Hints::RetryAfter, Hints::Headers, Hints::Body])
            .unwrap(),
        chaos: rng.f64() * 0.3,
        ..quiet(rows)
    };
    Case::new(settings, &text)
}

fn limit(rng: &mut fastrand::Rng) -> Limit {
    let some = |figure| NonZeroU32::new(figure).unwrap();
    match rng.u8(..4) {
        0 => Limit::Bucket {
            per_minute: some(rng.u32(6..60)),
            burst: some(rng.u32(2..8)),
        },
        1 => Limit::FixedWindow {
            requests: some(rng.u32(6..20)),
            length: Duration::from_mins(1),
        },
        _ => Limit::None,
    }
}

/// How long somebody waits before they press Ctrl-C; one in eight does at all. Half of a run's writes are over within
/// seconds, and its waits take minutes, so that short times are as likely as long ones.
fn patience(seed: u64) -> Option<Duration> {
    let mut rng = fastrand::Rng::with_seed(seed ^ 0x0073_746f_7000);
    let magnitude = 1.0 + rng.f64() * 4.5;
    (rng.u8(..8) == 0).then(|| Duration::from_secs_f64(magnitude.exp() / 10.0))
}

async fn run(case: &mut Case, patience: Option<Duration>) -> Ending {
    if let Some(patience) = patience {
        let stop = case.stop.clone();
        tokio::spawn(async move {
            tokio::time::sleep(patience).await;
            stop.request();
        });
    }
    let clock = Clock::starting_at(started_at());
    let client = case.client(case.simulator.in_process(), clock);
    let observed = match observe(&client, &case.stop).await {
        Ok(observed) => observed,
        Err(error) => return Ending::Unread(format!("{error:?}")),
    };
    let approved = match case.prepare(&observed, clock) {
        Prepared::Approved(approved) => *approved,
        Prepared::Refused(refusal) => return Ending::Refused(format!("{refusal:?}")),
        Prepared::NoPlan(breaches) => return Ending::Refused(format!("{breaches:?}")),
        Prepared::Idle(people, _) => panic!("nothing was narrowed: {people:?}"),
        Prepared::Stale(judgement) => panic!("nothing was reviewed: {judgement:?}"),
        Prepared::Unaccepted(fault, _) => panic!("nothing was accepted: {fault:?}"),
    };
    let conditions = Conditions {
        stop: &case.stop,
        clock,
        verify_timeout: case.verify_timeout,
        owners_in_doubt: &case.owners_in_doubt,
    };
    let (journal, story) = (&mut case.journal, &mut case.story);
    let finished = finish(&client, approved, &observed, journal, conditions, story).await;
    Ending::Finished(Box::new(finished), observed.live)
}
