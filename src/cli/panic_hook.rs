//! What is printed about a bug: where it is, and never what was in memory.
//!
//! A formatted message may hold anything, the admin key included. A literal was written by us and can hold nothing
//! of a run, so only a literal is shown.

use std::io::{self, Write as _};
use std::panic::{self, PanicHookInfo};

use super::status;

/// Replaces the panic hook of this process.
pub fn install() {
    panic::set_hook(Box::new(|info| {
        status::abandon();
        // Where standard error is gone there is nobody to tell.
        let _ = io::stderr().lock().write_all(message(info).as_bytes());
    }));
}

fn message(info: &PanicHookInfo<'_>) -> String {
    let place = info
        .location()
        .map_or_else(|| "an unknown place".to_owned(), ToString::to_string);
    let what = match info.payload().downcast_ref::<&'static str>() {
        Some(literal) => format!(": {literal}"),
        None => " (the message is left out: it may hold a secret)".to_owned(),
    };
    format!(
        "error: rosterctl {} has a bug at {place}{what}\n\
         hint: report this line and the command without its key; if an apply was under way, its journal says what was \
         done, and the next `rosterctl apply` reads back the rest\n",
        env!("CARGO_PKG_VERSION"),
    )
}
