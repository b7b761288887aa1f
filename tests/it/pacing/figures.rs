//! How close the pacer comes to the best that is possible, and what it wastes: medians over seeds.

use rosterctl::pacing::Pace;

use super::limiter::{Known, Limit, Outcome, Setting, Told, Weather, run};

const WRITES: usize = 50;
const SEEDS: u64 = 40;

/// What a first run and the one after it may cost, in the median.
struct Goal {
    limit: Limit,
    told: Told,
    writes: usize,
    cold_ratio_max: f64,
    cold_throttled_max: usize,
    warm_ratio_max: f64,
}

const fn bucket(per_minute: f64, burst: f64) -> Limit {
    Limit::Bucket { per_minute, burst }
}

const fn goal(limit: Limit, told: Told, cold_ratio_max: f64, cold_throttled_max: usize) -> Goal {
    Goal {
        limit,
        told,
        writes: WRITES,
        cold_ratio_max,
        cold_throttled_max,
        warm_ratio_max: 1.10,
    }
}

#[test]
fn the_goals_are_met_without_hints_and_with_them() {
    for goal in [
        goal(bucket(60.0, 5.0), Told::Nothing, 1.10, 4),
        goal(bucket(60.0, 5.0), Told::RetryAfter, 1.10, 4),
        goal(bucket(6.0, 4.0), Told::Nothing, 1.10, 4),
        goal(Limit::Fixed { requests: 10 }, Told::Nothing, 1.10, 4),
        goal(Limit::None, Told::Nothing, 1.01, 0),
        goal(bucket(8.0, 4.0), Told::Nothing, 1.05, 4),
        // Few writes leave little time to learn, and what one such run learns is still vague.
        Goal {
            writes: 12,
            warm_ratio_max: 1.25,
            ..goal(bucket(8.0, 4.0), Told::Nothing, 1.25, 4)
        },
        goal(bucket(30.0, 8.0), Told::Nothing, 1.05, 4),
        goal(Limit::Sliding { requests: 10 }, Told::Nothing, 1.05, 4),
        goal(bucket(20.0, 1.0), Told::Nothing, 1.15, 4),
        goal(bucket(300.0, 10.0), Told::Nothing, 1.25, 4),
    ] {
        let (cold, warm) = cold_and_warm(&goal);
        let name = format!("{:?} {:?}", goal.limit, goal.told);
        let (ratio, throttled) = median(&cold);
        assert!(ratio <= goal.cold_ratio_max, "{name}: cold {ratio}");
        assert!(
            throttled <= goal.cold_throttled_max,
            "{name}: cold, {throttled} 429s"
        );
        let (ratio, throttled) = median(&warm);
        assert!(ratio <= goal.warm_ratio_max, "{name}: warm {ratio}");
        assert_eq!(throttled, 0, "{name}: warm");
    }
}

#[test]
fn the_figure_that_is_kept_is_the_limit() {
    for (limit, per_minute) in [
        (bucket(60.0, 5.0), 60.0),
        (bucket(6.0, 4.0), 6.0),
        (bucket(30.0, 8.0), 30.0),
    ] {
        let learned = run(setting(limit, Told::RetryAfter, 3), None, 0.0).learned;
        let Some(Pace::Bucket {
            per_minute: found, ..
        }) = learned.map(|learned| learned.pace)
        else {
            panic!("{limit:?} is a bucket, not {learned:?}");
        };
        let ratio = found / per_minute;
        assert!((0.9..1.02).contains(&ratio), "{limit:?}: {found}");
    }
    let learned = run(
        setting(Limit::Sliding { requests: 10 }, Told::Nothing, 3),
        None,
        0.0,
    );
    let window = Pace::Window {
        requests: 10,
        second: None,
    };
    assert_eq!(learned.learned.map(|learned| learned.pace), Some(window));
}

#[test]
fn bad_weather_costs_time_but_every_run_ends() {
    let half_used = Weather {
        full: 0.3,
        ..Weather::FAIR
    };
    let slow = Weather {
        latency: (0.04, 0.5),
        ..Weather::FAIR
    };
    let shared = Weather {
        others_per_minute: 2.0,
        ..Weather::FAIR
    };
    for (weather, ratio_max, throttled_max) in
        [(half_used, 1.4, 6), (slow, 1.4, 6), (shared, 2.0, 12)]
    {
        for limit in [bucket(60.0, 5.0), bucket(8.0, 8.0), bucket(6.0, 4.0)] {
            let runs: Vec<_> = (0..9)
                .map(|seed| {
                    let setting = Setting {
                        weather,
                        ..setting(limit, Told::Nothing, seed)
                    };
                    run(setting, None, 0.0)
                })
                .collect();
            let (ratio, throttled) = median(&runs);
            assert!(ratio <= ratio_max, "{limit:?} {weather:?}: {ratio}");
            assert!(throttled <= throttled_max, "{limit:?}: {throttled} 429s");
        }
    }
}

#[test]
fn a_server_that_shows_its_quota_never_has_to_throttle() {
    for limit in [bucket(60.0, 5.0), bucket(6.0, 4.0)] {
        let outcome = run(setting(limit, Told::Quota, 1), None, 0.0);
        assert_eq!(outcome.throttled, 0);
        assert!(outcome.ratio < 1.1, "{limit:?}: {}", outcome.ratio);
    }
}

#[test]
fn a_hint_that_is_always_too_short_is_found_out() {
    for limit in [bucket(6.0, 4.0), Limit::Fixed { requests: 10 }] {
        let runs: Vec<_> = (0..9)
            .map(|seed| run(setting(limit, Told::OneSecond, seed), None, 0.0))
            .collect();
        let (ratio, throttled) = median(&runs);
        assert!(ratio <= 1.3 && throttled <= 8, "{ratio}, {throttled} 429s");
    }
}

#[test]
fn an_old_figure_is_looked_at_again_and_a_young_one_is_kept() {
    let day = 86_400.0;
    let slow = setting(bucket(6.0, 4.0), Told::Nothing, 1);
    let learned = run(slow, None, 0.0).learned;
    let raised = setting(bucket(9.0, 4.0), Told::Nothing, 1);
    let young = run(raised, learned.as_ref(), 20.0 * day);
    let old = run(raised, learned.as_ref(), 40.0 * day);
    assert_eq!(young.throttled, 0);
    assert!(young.ratio > 1.4, "{}", young.ratio);
    assert!(old.throttled <= 2, "{}", old.throttled);
    assert!(old.ratio < 1.25, "{}", old.ratio);
}

#[test]
fn a_figure_that_has_become_too_fast_is_given_up() {
    let learned = run(setting(bucket(30.0, 8.0), Told::Nothing, 1), None, 0.0).learned;
    for limit in [bucket(6.0, 4.0), Limit::Sliding { requests: 7 }] {
        let now = run(setting(limit, Told::Nothing, 1), learned.as_ref(), 5000.0);
        assert!(now.ratio < 1.7, "{limit:?}: {}", now.ratio);
        assert!(now.throttled <= 8, "{limit:?}: {}", now.throttled);
        assert_ne!(
            now.learned.map(|learned| learned.pace),
            learned.map(|learned| learned.pace)
        );
    }
}

#[test]
fn what_one_operation_met_spares_another_its_429s() {
    // Six requests is what the list of 500 members takes, so little is known when the removals begin.
    for (limit, ratio_max, throttled_max) in [
        (bucket(6.0, 4.0), 1.10, 2),
        (bucket(4.0, 4.0), 1.10, 2),
        (bucket(8.0, 4.0), 1.10, 2),
        (bucket(10.0, 4.0), 1.10, 2),
        // No longer alike: what is lost is time, a minute or two, and no more 429s than without hearsay.
        (bucket(20.0, 4.0), 1.75, 2),
        (bucket(60.0, 5.0), 3.0, 4),
    ] {
        let runs: Vec<_> = (0..9).map(|seed| after_hearing(limit, seed)).collect();
        let (ratio, throttled) = median(&runs);
        assert!(ratio <= ratio_max, "{limit:?}: {ratio}");
        assert!(throttled <= throttled_max, "{limit:?}: {throttled} 429s");
    }
}

#[test]
fn hearsay_of_a_limit_where_there_is_none_costs_less_than_a_minute() {
    let clear = after_hearing(Limit::None, 1);
    assert_eq!(clear.throttled, 0);
    // 50 writes of 50 ms are the best that is possible.
    assert!(clear.ratio * 2.5 < 60.0, "{}", clear.ratio);
}

/// A run that heard of 6 requests a minute.
fn after_hearing(limit: Limit, seed: u64) -> Outcome {
    let list = Setting {
        writes: 6,
        ..setting(bucket(6.0, 4.0), Told::Nothing, seed)
    };
    let hearsay = run(list, None, 0.0).hearsay.unwrap();
    let setting = setting(limit, Told::Nothing, seed);
    run(setting, Known::Heard(&hearsay), 3.0)
}

/// The first runs against a limit, and the ones a while later that start with what those learned.
fn cold_and_warm(goal: &Goal) -> (Vec<Outcome>, Vec<Outcome>) {
    let mut later = 5000.0;
    let runs = (0..SEEDS).map(|seed| {
        let setting = Setting {
            writes: goal.writes,
            ..setting(goal.limit, goal.told, seed)
        };
        let cold = run(setting, None, 0.0);
        later += 37.3;
        let warm = run(setting, cold.learned.as_ref(), later);
        (cold, warm)
    });
    runs.unzip()
}

fn setting(limit: Limit, told: Told, seed: u64) -> Setting {
    Setting {
        limit,
        told,
        writes: WRITES,
        seed,
        weather: Weather::FAIR,
    }
}

/// The medians of the ratio and of the 429s.
fn median(runs: &[Outcome]) -> (f64, usize) {
    let mut ratios: Vec<_> = runs.iter().map(|outcome| outcome.ratio).collect();
    ratios.sort_by(f64::total_cmp);
    let mut throttled: Vec<_> = runs.iter().map(|outcome| outcome.throttled).collect();
    throttled.sort_unstable();
    let middle = runs.len() / 2;
    (ratios[middle], throttled[middle])
}
