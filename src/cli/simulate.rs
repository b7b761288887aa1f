//! `simulate`: an organization to practise on, on this machine only.

use std::net::{IpAddr, Ipv4Addr, SocketAddr};
use std::num::NonZeroU32;
use std::path::PathBuf;
use std::time::Duration;

use clap::{Args, ValueEnum};

use super::connect::read_key;
use super::failure::Failure;
use super::files::read_text;
use super::signals::Signals;
use super::terminal;
use crate::outcome::Exit;
use crate::simulator::{FaultScript, Hints, Limit, Population, Roster, Settings, Simulator, bind};

/// Serve a made-up organization on loopback
///
/// Prints one JSON line with base_url, admin_key and organization when it is ready, and serves until it is
/// interrupted. The same seed gives the same people. GET /_sim/state shows the roster, the counters and every change.
#[derive(Debug, Args)]
pub(super) struct SimulateArgs {
    /// Listen on this loopback address; port 0 takes a free one
    #[arg(long, value_name = "ADDRESS", default_value_t = SocketAddr::new(IpAddr::V4(Ipv4Addr::LOCALHOST), 0))]
    listen: SocketAddr,

    /// Serve the organization in a JSON file, as the README describes it
    #[arg(long, value_name = "FILE", conflicts_with = "members")]
    roster: Option<PathBuf>,

    /// Make up this many members
    #[arg(long, value_name = "N", default_value_t = 25)]
    members: usize,

    /// Decide every made-up name, id and chance
    #[arg(long, value_name = "S", default_value_t = 1)]
    seed: u64,

    /// Take the admin key from a file, or from standard input for `-`; without it, it follows from the seed
    #[arg(long, value_name = "FILE")]
    admin_key_file: Option<PathBuf>,

    /// Admit this many requests a minute to each endpoint
    #[arg(long, value_name = "R")]
    rpm: Option<NonZeroU32>,

    /// Let this many requests through at once, before the rate holds
    #[arg(long, value_name = "B", requires = "rpm", default_value = "5")]
    burst: NonZeroU32,

    /// Count the requests of a minute in windows, instead of refilling a bucket
    #[arg(long, value_name = "KIND", requires = "rpm", conflicts_with = "burst")]
    window: Option<Window>,

    /// Say this about the limit in answers
    #[arg(long, value_enum, value_name = "HINTS", default_value_t = HintsName::None)]
    hints: HintsName,

    /// Answer after this many milliseconds
    #[arg(long, value_name = "L", default_value_t = 0)]
    latency_ms: u64,

    /// Show a write to reads only after this many milliseconds
    #[arg(long, value_name = "M", default_value_t = 0)]
    lag_ms: u64,

    /// Let requests go wrong as a script says: entries of endpoint, nth, times and fault
    #[arg(long, value_name = "FILE")]
    faults: Option<PathBuf>,

    /// Let each request that the script leaves alone go wrong with this chance, 0 to 1
    #[arg(long, value_name = "P", default_value_t = 0.0, value_parser = chance)]
    chaos: f64,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
enum Window {
    /// From one full minute to the next
    Fixed,
    /// In any stretch of a minute
    Sliding,
}

#[derive(Debug, Clone, Copy, ValueEnum)]
enum HintsName {
    /// Nothing
    None,
    /// Retry-After on a 429
    RetryAfter,
    /// x-ratelimit headers on every answer
    Headers,
    /// The seconds to wait in the message of a 429
    Body,
}

/// Serves until a signal ends it.
pub(super) async fn run(args: &SimulateArgs) -> Result<Exit, Failure> {
    let settings = settings(args)?;
    let listener = bind(args.listen).await.map_err(Failure::new)?;
    let address = listener
        .local_addr()
        .map_err(|error| Failure::caused("the address is not known", error))?;
    let signals = Signals::quiet()?;
    let simulator = Simulator::new(settings);
    let serving = simulator.serve(listener);
    terminal::print_as_is(&format!("{}\n", simulator.ready(address).to_line()))?;
    tokio::select! {
        served = serving => served.map(|()| Exit::Converged).map_err(Failure::new),
        () = signals.stop.requested() => Ok(Exit::Converged),
    }
}

fn settings(args: &SimulateArgs) -> Result<Settings, Failure> {
    let population = match &args.roster {
        Some(path) => {
            let roster = Roster::parse(&read_text(path)?).map_err(|error| {
                Failure::caused(format!("{} cannot be served", path.display()), error)
            })?;
            Population::Roster(Box::new(roster))
        }
        None => Population::Members(args.members),
    };
    let faults = match &args.faults {
        Some(path) => FaultScript::parse(&read_text(path)?).map_err(|error| {
            Failure::caused(format!("{} is no fault script", path.display()), error)
        })?,
        None => FaultScript::default(),
    };
    let now_s = jiff::Timestamp::now().as_second();
    Ok(Settings {
        admin_key: args.admin_key_file.as_deref().map(read_key).transpose()?,
        limit: limit(args),
        hints: match args.hints {
            HintsName::None => Hints::None,
            HintsName::RetryAfter => Hints::RetryAfter,
            HintsName::Headers => Hints::Headers,
            HintsName::Body => Hints::Body,
        },
        latency: Duration::from_millis(args.latency_ms),
        lag: Duration::from_millis(args.lag_ms),
        faults,
        chaos: args.chaos,
        ..Settings::quiet(population, args.seed, now_s)
    })
}

fn limit(args: &SimulateArgs) -> Limit {
    let length = Duration::from_mins(1);
    match (args.rpm, args.window) {
        (None, _) => Limit::None,
        (Some(per_minute), None) => Limit::Bucket {
            per_minute,
            burst: args.burst,
        },
        (Some(requests), Some(Window::Fixed)) => Limit::FixedWindow { requests, length },
        (Some(requests), Some(Window::Sliding)) => Limit::SlidingWindow { requests, length },
    }
}

/// A chance, as a flag gives it.
fn chance(text: &str) -> Result<f64, String> {
    text.parse()
        .ok()
        .filter(|chance| (0.0..=1.0).contains(chance))
        .ok_or_else(|| "a chance is a number from 0 to 1".to_owned())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_chance_lies_between_never_and_always() {
        for (text, is_one) in [
            ("0", true),
            ("0.25", true),
            ("1", true),
            ("1.01", false),
            ("-0.1", false),
            ("NaN", false),
            ("often", false),
        ] {
            assert_eq!(chance(text).is_ok(), is_one, "{text}");
        }
    }
}
