//! The gate before there is a plan: is this the right organization, read whole, on the right day, with a file that
//! somebody could have meant.
//!
//! None of these can be accepted: each says that the plan would be made from a wrong picture.

use jiff::{Timestamp, ToSpan as _, civil::Date, tz::TimeZone};

use super::{Breach, BreachKind};
use crate::desired::DesiredRoster;
use crate::plan::Person;
use crate::roster::{LiveRoster, Member, Role, RosterFault, UserId};

/// What preflight looks at beside the two rosters.
#[derive(Debug, Clone, Copy)]
pub struct Surroundings<'a> {
    /// The local clock when the roster had been read.
    pub local_now: Timestamp,
    /// `OPENAI_ORG_ID`, where it is set.
    pub organization_id_env: Option<&'a str>,
}

/// The day for which expiries are judged: the provider's date, else the local one (UTC).
pub fn today(live: &LiveRoster, local_now: Timestamp) -> Date {
    utc_date(live.organization().date.unwrap_or(local_now))
}

/// Returns everything that forbids making a plan; nothing when it may be made.
pub fn preflight(
    desired: &DesiredRoster,
    live: &LiveRoster,
    surroundings: Surroundings<'_>,
) -> Vec<Breach> {
    let today = today(live, surroundings.local_now);
    let checks = [
        wrong_organization(desired, live, surroundings.organization_id_env),
        clock_skew(desired, live, surroundings.local_now),
        empty_desired(desired, today),
        no_owner_left(desired, live, today),
        nameless_rows(desired, live),
    ];
    checks.into_iter().flatten().collect()
}

/// The breach for a roster that could not be assembled.
pub fn roster_unusable(faults: &[RosterFault]) -> Breach {
    let message = faults
        .iter()
        .map(ToString::to_string)
        .collect::<Vec<_>>()
        .join("; ");
    stop(
        BreachKind::RosterUnusable,
        Vec::new(),
        message,
        "run again; if it stays, compare with the members page of the organization's settings",
    )
}

/// The breach for a freeze, by the file or by the environment: it stops `apply`, not `plan`.
pub fn frozen(desired: &DesiredRoster, freeze_env: Option<&str>) -> Option<Breach> {
    let by_env = freeze_env
        .filter(|text| !text.is_empty())
        .map(|text| (text, "unset ROSTERCTL_FREEZE"));
    let by_file = desired
        .policy
        .freeze
        .as_deref()
        .map(|text| (text, "empty `freeze` under [policy]"));
    let (reason, way_on) = by_env.or(by_file)?;
    Some(stop(
        BreachKind::Frozen,
        Vec::new(),
        format!("changes are frozen: {reason}"),
        &format!("{way_on} and run again"),
    ))
}

fn stop(kind: BreachKind, subjects: Vec<Person>, message: String, way_on: &str) -> Breach {
    Breach {
        kind,
        limit: None,
        figure: None,
        subjects,
        message,
        way_on: way_on.to_owned(),
    }
}

fn utc_date(at: Timestamp) -> Date {
    at.to_zoned_datetime(TimeZone::UTC).date()
}

/// Whether something proves that the live roster is of the file's organization: the response header or the slug
/// is the file's, or a pinned id is live.
pub(super) fn organization_is_proven(desired: &DesiredRoster, live: &LiveRoster) -> bool {
    header_proves(desired, live) || pins(desired).any(|id| live.member(id).is_some())
}

fn header_proves(desired: &DesiredRoster, live: &LiveRoster) -> bool {
    let seen = live.organization();
    seen.id() == Some(desired.organization.id.as_str())
        || (seen.slug().is_some() && seen.slug() == desired.organization.slug.as_deref())
}

fn pins(desired: &DesiredRoster) -> impl Iterator<Item = &UserId> {
    desired
        .members
        .values()
        .filter_map(|entry| entry.id.as_ref())
}

fn wrong_organization(
    desired: &DesiredRoster,
    live: &LiveRoster,
    env: Option<&str>,
) -> Option<Breach> {
    let (id, seen) = (desired.organization.id.as_str(), live.organization());
    let slug = desired.organization.slug.as_deref();
    let breach = |message, way_on| {
        Some(stop(
            BreachKind::WrongOrganization,
            Vec::new(),
            message,
            way_on,
        ))
    };
    let other_key =
        "use an admin key of the file's organization, or correct [organization] in the file";
    if let Some(header) = seen.id().filter(|header| *header != id) {
        return breach(
            format!("the key is of the organization {header}, and the file is about {id}"),
            other_key,
        );
    }
    if let (Some(header), Some(slug)) = (seen.slug(), slug)
        && header != slug
    {
        return breach(
            format!("the key is of the organization `{header}`, and the file's slug is `{slug}`"),
            other_key,
        );
    }
    if let Some(env) = env.filter(|env| !env.is_empty() && *env != id) {
        return breach(
            format!("OPENAI_ORG_ID is {env}, and the file is about {id}"),
            "unset OPENAI_ORG_ID, or use the members file of that organization",
        );
    }
    let pinned = pins(desired).count();
    if pinned > 0 && !organization_is_proven(desired, live) {
        return breach(
            format!(
                "not one of the {pinned} pinned ids is live, and no answer says which organization this is"
            ),
            "check the key; if it is the right one, set `slug` under [organization] or take out the old pins",
        );
    }
    None
}

/// An expiry must not depend on which of two clocks is right.
fn clock_skew(desired: &DesiredRoster, live: &LiveRoster, local_now: Timestamp) -> Option<Breach> {
    let local = utc_date(local_now);
    let expiries = || {
        desired
            .members
            .values()
            .filter_map(|entry| Some((entry, entry.expires?)))
    };
    let (entry, message) = if let Some(api) = live.organization().date.map(utc_date) {
        let (entry, last_day) =
            expiries().find(|(_, last_day)| (*last_day < api) != (*last_day < local))?;
        (
            entry,
            format!(
                "{} expires on {last_day}; the API says it is {api}, this machine says {local}",
                entry.email
            ),
        )
    } else {
        let day = 1.day();
        let near = |last_day: Date| {
            local.checked_sub(day).is_ok_and(|from| last_day >= from)
                && local.checked_add(day).is_ok_and(|to| last_day <= to)
        };
        let (entry, last_day) = expiries().find(|(_, last_day)| near(*last_day))?;
        (
            entry,
            format!(
                "{} expires on {last_day}, and the API did not say what day it is",
                entry.email
            ),
        )
    };
    let subjects = vec![Person::address(&entry.email)];
    Some(stop(
        BreachKind::ClockSkew,
        subjects,
        message,
        "set this machine's clock, and run again",
    ))
}

fn empty_desired(desired: &DesiredRoster, today: Date) -> Option<Breach> {
    if desired.active(today).next().is_some() {
        return None;
    }
    let message = match desired.members.len() {
        0 => "the file declares nobody, so everybody would be removed".to_owned(),
        declared => format!(
            "all {declared} entries of the file have expired, so everybody would be removed"
        ),
    };
    Some(stop(
        BreachKind::EmptyDesired,
        Vec::new(),
        message,
        "declare the people who may be in under [members]",
    ))
}

fn no_owner_left(desired: &DesiredRoster, live: &LiveRoster, today: Date) -> Option<Breach> {
    let mut owners = desired
        .active(today)
        .filter(|entry| entry.role == Some(Role::Owner));
    let is_live = owners.any(|entry| {
        let pinned = entry.id.as_ref().and_then(|id| live.member(id));
        pinned
            .or_else(|| live.member_by_email(&entry.email))
            .is_some_and(Member::is_person)
    });
    if is_live || desired.active(today).next().is_none() {
        return None;
    }
    Some(stop(
        BreachKind::NoOwnerLeft,
        Vec::new(),
        "no entry with role owner is a live member, so nobody would be left to correct a mistake"
            .to_owned(),
        "declare at least one of the live owners with role = \"owner\"",
    ))
}

/// What makes a row that can be matched by nothing.
const NAMELESS: &str = "neither a readable address nor an id that the file names";

/// A person's row that can be matched by nothing would always be undeclared.
fn nameless_rows(desired: &DesiredRoster, live: &LiveRoster) -> Option<Breach> {
    let departed = |id: &UserId| {
        desired
            .departed
            .iter()
            .any(|row| row.id.as_ref() == Some(id))
    };
    let declared = |id: &UserId| {
        desired
            .members
            .values()
            .any(|entry| entry.id.as_ref() == Some(id))
    };
    let nameless: Vec<&Member> = live
        .people()
        .filter(|member| member.email.is_none())
        .filter(|member| {
            !desired.unmanaged.ids.contains(&member.id)
                && !departed(&member.id)
                && !declared(&member.id)
        })
        .collect();
    if nameless.is_empty() {
        return None;
    }
    let ids = nameless
        .iter()
        .map(|member| format!("\"{}\"", member.id))
        .collect::<Vec<_>>()
        .join(", ");
    Some(stop(
        BreachKind::RosterUnusable,
        nameless
            .iter()
            .map(|member| Person::member(member))
            .collect(),
        match nameless.len() {
            1 => format!("1 live member has {NAMELESS}"),
            several => format!("{several} live members have {NAMELESS}"),
        },
        &format!(
            "pin them with id = … in their entries, or leave them alone: under [unmanaged], write ids = [{ids}]"
        ),
    ))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::desired::Entry;
    use crate::plan::testing::{TODAY, desired, entry, live, member, owner, owner_entry, user};
    use crate::roster::{Observation, SeenOrganization};

    fn noon(day: Date) -> Timestamp {
        day.at(12, 0, 0, 0)
            .to_zoned_datetime(TimeZone::UTC)
            .unwrap()
            .timestamp()
    }

    fn seen(header: Option<&str>, date: Option<Date>) -> LiveRoster {
        let observation = live([owner("user-1", "ada@acme.dev")], []).to_observation();
        let organization = SeenOrganization {
            header: header.map(str::to_owned),
            date: date.map(noon),
        };
        LiveRoster::assemble(Observation {
            organization,
            ..observation
        })
        .unwrap()
    }

    fn names(file: &DesiredRoster, roster: &LiveRoster, env: Option<&str>) -> Vec<&'static str> {
        let surroundings = Surroundings {
            local_now: noon(TODAY),
            organization_id_env: env,
        };
        preflight(file, roster, surroundings)
            .into_iter()
            .map(|breach| breach.kind.as_str())
            .collect()
    }

    fn ada() -> Entry {
        owner_entry("ada@acme.dev")
    }

    #[test]
    fn the_organization_must_not_be_another_one() {
        let file = desired([ada()]);
        let mut slugged = file.clone();
        slugged.organization.slug = Some("acme".to_owned());
        let pinned = desired([
            Entry {
                id: Some(user("user-9")),
                ..ada()
            },
            owner_entry("b@acme.dev"),
        ]);
        for (file, header, env, breached) in [
            (&file, Some("org-test"), None, false),
            (&file, Some("org-other"), None, true),
            (&file, Some("acme"), None, false),
            (&file, None, None, false),
            (&slugged, Some("acme"), None, false),
            (&slugged, Some("other"), None, true),
            (&file, Some("org-test"), Some("org-test"), false),
            (&file, Some("org-test"), Some("org-other"), true),
            (&pinned, Some("acme"), None, true),
            (&pinned, Some("org-test"), None, false),
        ] {
            let found = names(file, &seen(header, Some(TODAY)), env);
            assert_eq!(
                found.contains(&"wrong-organization"),
                breached,
                "{header:?} {env:?} {found:?}"
            );
        }
    }

    #[test]
    fn an_expiry_between_two_clocks_stops() {
        let tomorrow = TODAY.tomorrow().unwrap();
        let file = |last_day| {
            desired([
                ada(),
                Entry {
                    expires: Some(last_day),
                    ..entry("lin@acme.dev")
                },
            ])
        };
        for (last_day, api, breached) in [
            (TODAY, Some(TODAY), false),
            (TODAY, Some(tomorrow), true),
            (tomorrow, Some(tomorrow), false),
            (TODAY.yesterday().unwrap(), Some(tomorrow), false),
            (TODAY, None, true),
            (tomorrow, None, true),
            (tomorrow.tomorrow().unwrap(), None, false),
        ] {
            let found = names(&file(last_day), &seen(Some("org-test"), api), None);
            assert_eq!(
                found.contains(&"clock-skew"),
                breached,
                "{last_day} {api:?}"
            );
        }
    }

    #[test]
    fn a_file_that_would_empty_the_organization_stops() {
        let roster = seen(Some("org-test"), Some(TODAY));
        let gone = Entry {
            expires: Some(TODAY.yesterday().unwrap()),
            ..entry("lin@acme.dev")
        };
        assert_eq!(names(&desired([]), &roster, None), ["empty-desired"]);
        assert_eq!(names(&desired([gone]), &roster, None), ["empty-desired"]);
        assert_eq!(
            names(&desired([entry("ada@acme.dev")]), &roster, None),
            ["no-owner-left"]
        );
        assert_eq!(
            names(&desired([owner_entry("new@acme.dev")]), &roster, None),
            ["no-owner-left"]
        );
        assert_eq!(names(&desired([ada()]), &roster, None), [""; 0]);
    }

    #[test]
    fn a_row_that_nothing_can_match_stops_and_says_what_to_write() {
        let nameless = Member {
            email: None,
            ..member("user-7", "x@acme.dev")
        };
        let roster = live([owner("user-1", "ada@acme.dev"), nameless], []);
        let mut file = desired([ada()]);
        let surroundings = Surroundings {
            local_now: noon(TODAY),
            organization_id_env: None,
        };
        let breach = &preflight(&file, &roster, surroundings)[0];
        assert_eq!(breach.kind, BreachKind::RosterUnusable);
        assert_eq!(
            breach.message,
            "1 live member has neither a readable address nor an id that the file names"
        );
        // One line, because whatever shows a sentence escapes line breaks.
        assert_eq!(
            breach.way_on,
            "pin them with id = … in their entries, or leave them alone: \
             under [unmanaged], write ids = [\"user-7\"]"
        );
        file.unmanaged.ids.insert(user("user-7"));
        assert_eq!(names(&file, &roster, None), [""; 0]);
    }

    #[test]
    fn a_freeze_says_why() {
        let mut file = desired([ada()]);
        assert_eq!(frozen(&file, None), None);
        assert_eq!(frozen(&file, Some("")), None);
        assert_eq!(
            frozen(&file, Some("audit")).unwrap().message,
            "changes are frozen: audit"
        );
        file.policy.freeze = Some("incident 7".to_owned());
        assert_eq!(
            frozen(&file, None).unwrap().message,
            "changes are frozen: incident 7"
        );
    }
}
