//! Generated organizations: what a file says, what a provider answers, and what a run knows.
//!
//! People come from a small pool of indexes, so that entries, tombstones, rows, invites and keys meet often. Every
//! part is made from bits, which shrink to zero: a failing case is small, and reads as a file and a roster.

use std::collections::{BTreeMap, BTreeSet};

use jiff::civil::{Date, date};
use jiff::{Timestamp, ToSpan as _};
use proptest::prelude::*;
use rosterctl::desired::{
    Departed, DesiredOrganization, DesiredRoster, EmailPattern, Entry, Guardrails, Place, Policy,
    Stance, Unmanaged,
};
use rosterctl::guardrail::{Accepted, ApprovedPlan, Evidence, History, Refusal, approve};
use rosterctl::plan::{Plan, compute, settle_keys};
use rosterctl::roster::{
    AdminKey, Capabilities, Email, Flags, Invite, InviteId, InviteStatus, KeyHolder, KeyId,
    KeyInUse, LiveRole, LiveRoster, Member, Observation, OrganizationId, Role, SeenOrganization,
    UserId,
};

pub(crate) const TODAY: Date = date(2026, 11, 24);

/// One person of the pool, as bits: whether and how they are declared, departed, live, invited, and hold keys.
type Bits = (u8, u8, u8, u8, u8);

/// What is not about one person, as dice.
pub(super) type Dice = [u8; 20];

/// A file, an organization that nobody has checked yet, and what a run knows beside them.
#[derive(Debug, Clone)]
pub(crate) struct World {
    pub(crate) desired: DesiredRoster,
    pub(crate) observation: Observation,
    pub(crate) keys: Vec<AdminKey>,
    pub(crate) key_in_use: KeyInUse,
    pub(crate) history: History,
    pub(crate) people_verified: Option<usize>,
    /// For whatever a law wants to choose.
    pub(crate) dice: Dice,
}

impl World {
    pub(crate) fn live(&self) -> LiveRoster {
        LiveRoster::assemble(self.observation.clone()).unwrap()
    }

    /// The whole plan, as a run makes it.
    pub(crate) fn plan(&self, live: &LiveRoster) -> Plan {
        let mut plan = compute(&self.desired, live, TODAY);
        settle_keys(&mut plan, &self.desired, live, &Ok(self.keys.clone()));
        plan
    }

    pub(crate) fn evidence<'a>(&'a self, live: &'a LiveRoster, accepted: Accepted) -> Evidence<'a> {
        Evidence {
            desired: &self.desired,
            live,
            key_in_use: &self.key_in_use,
            history: self.history.clone(),
            people_verified: self.people_verified,
            accepted,
        }
    }

    /// Judges the whole plan with nothing accepted.
    pub(crate) fn judge(
        &self,
        live: &LiveRoster,
        plan: &Plan,
    ) -> Result<ApprovedPlan, Box<Refusal>> {
        approve(plan.clone(), &self.evidence(live, Accepted::default()))
    }
}

/// Addresses of the pool; a few differ by a letter, so that suspicions arise.
pub(super) fn address(at: usize) -> Email {
    let names = [
        "grace.hopper",
        "grace.hoper",
        "ada.lovelace",
        "linus",
        "margaret",
        "barbara.liskov",
        "edsger",
        "donald.knuth",
        "аda.lovelace",
    ];
    let domain = if at % 7 == 6 {
        "openai.com"
    } else {
        "acme.dev"
    };
    let name = names
        .get(at)
        .map_or_else(|| format!("person{at}"), |name| (*name).to_owned());
    Email::parse(&format!("{name}@{domain}")).unwrap()
}

/// The address of a pinned person after it changed.
pub(super) fn renamed(at: usize) -> Email {
    Email::parse(&format!("renamed{at}@acme.dev")).unwrap()
}

pub(super) fn id(at: usize) -> UserId {
    UserId::parse(&format!("user-{at:02}")).unwrap()
}

fn place(line: usize) -> Place {
    Place {
        file: "members.toml".to_owned(),
        line,
        column: 1,
    }
}

fn noon() -> Timestamp {
    "2026-11-24T12:00:00Z".parse().unwrap()
}

fn entry(at: usize, bits: u8, name: bool) -> Entry {
    let expires = match bits >> 4 & 0b11 {
        0 => Some(TODAY.checked_sub(1.day()).unwrap()),
        1 => Some(TODAY),
        _ => None,
    };
    let id = match bits >> 2 & 0b11 {
        0 => Some(id(at)),
        1 if bits & 0x80 != 0 => Some(id(at + 40)),
        _ => None,
    };
    let role = [
        None,
        Some(Role::Reader),
        Some(Role::Owner),
        Some(Role::Owner),
    ][usize::from(bits & 0b11)];
    Entry {
        email: address(at),
        role,
        id,
        name: name.then(|| format!("Name {}", at / 2)),
        expires,
        ticket: None,
        reason: None,
        aliases: Vec::new(),
        place: place(at + 1),
    }
}

fn departed(at: usize, bits: u8) -> Departed {
    let by_id = bits & 0b100 == 0;
    let by_address = !by_id || bits & 0b1000 == 0;
    Departed {
        email: by_address.then(|| address(at)),
        id: by_id.then(|| id(at)),
        since: None,
        ticket: None,
        reason: None,
        place: place(100 + at),
    }
}

fn member(at: usize, bits: u8) -> Member {
    let flags = match bits >> 2 & 0b111 {
        0 => Flags {
            scim_managed: Some(true),
            ..Flags::PERSON
        },
        1 => Flags {
            service_account: Some(true),
            ..Flags::PERSON
        },
        2 if bits & 0x80 != 0 => Flags {
            default_user: Some(true),
            ..Flags::PERSON
        },
        3 if bits & 0x80 != 0 => Flags::default(),
        _ => Flags::PERSON,
    };
    let email = match bits >> 5 & 0b11 {
        0 => None,
        1 => Some(renamed(at)),
        _ => Some(address(at)),
    };
    let role = [
        LiveRole::Known(Role::Reader),
        LiveRole::Known(Role::Owner),
        LiveRole::Known(Role::Owner),
        LiveRole::Other("admin".to_owned()),
    ];
    Member {
        id: id(at),
        email,
        name: Some(format!("Name {}", at / 2)),
        role: role[usize::from(bits & 0b11)].clone(),
        added_at: None,
        flags,
        api_key_last_used_at: None,
        projects: Vec::new(),
    }
}

fn invites(at: usize, bits: u8) -> impl Iterator<Item = Invite> {
    let first = if bits & 1 == 1 {
        Role::Owner
    } else {
        Role::Reader
    };
    let count = [0, 0, 0, 1, 1, 2, 0, 0][usize::from(bits >> 1 & 0b111)];
    (0..count).map(move |number: u8| Invite {
        id: InviteId::parse(&format!("invite-{at:02}-{number}")).unwrap(),
        email: address(at),
        role: LiveRole::Known(if number == 0 { first } else { Role::Reader }),
        status: InviteStatus::Pending,
        created_at: Some(Timestamp::from_second(1_700_000_000 + i64::from(number)).unwrap()),
        expires_at: None,
    })
}

/// The keys of a person: none, one or two, a few of them a project's, a service account's, or expired.
fn keys(at: usize, bits: u8) -> impl Iterator<Item = AdminKey> {
    let holder = match bits >> 2 & 0b111 {
        0 => KeyHolder::ServiceAccount,
        1 => KeyHolder::Unknown,
        _ => KeyHolder::Person(id(at)),
    };
    let shown = match bits >> 5 {
        0 => "sk-proj...abc",
        _ => "sk-admin...abc",
    };
    let expires_at = match bits >> 5 {
        1 => Some(noon() - 24.hours()),
        2 => Some(noon() + 24.hours()),
        _ => None,
    };
    let count = [0, 0, 1, 2][usize::from(bits & 0b11)];
    (0..count).map(move |number: u8| AdminKey {
        id: KeyId::parse(&format!("key_{at:02}_{number}")).unwrap(),
        name: None,
        redacted_value: shown.to_owned(),
        holder: holder.clone(),
        created_at: None,
        expires_at,
        last_used_at: None,
    })
}

/// Guardrails whose every figure is often near what a plan of a few people has.
pub(super) fn guardrails(dice: &[u8], required_owners: BTreeSet<Email>) -> Guardrails {
    let of = |at: usize, figures: [u32; 8]| figures[usize::from(dice[at]) % 8];
    let domains: &[&str] = [&["acme.dev"][..], &["acme.dev", "openai.com"], &[]]
        [[0, 0, 0, 0, 0, 1, 1, 2][usize::from(dice[5]) % 8]];
    Guardrails {
        revocations_max: of(0, [20, 20, 6, 4, 3, 2, 1, 1]),
        revocation_fraction_max: [1.0, 1.0, 0.5, 0.25][usize::from(dice[1]) % 4],
        revocations_max_per_week: of(2, [20, 20, 20, 16, 12, 9, 5, 0]),
        changes_max: of(3, [20, 20, 9, 4, 3, 2, 1, 0]),
        owners_min: of(4, [0, 1, 1, 1, 1, 2, 2, 3]),
        required_owners,
        email_domains: domains.iter().map(|name| (*name).to_owned()).collect(),
        ..Guardrails::default()
    }
}

/// Those who may be required owners by `choice`: active entries with role owner, as the file's own rules have it.
pub(super) fn required_owners(members: &BTreeMap<Email, Entry>, choice: u8) -> BTreeSet<Email> {
    let owners = members
        .values()
        .filter(|entry| entry.role == Some(Role::Owner) && entry.expires.is_none());
    owners
        .enumerate()
        .filter(|(at, _)| choice >> (at % 8) & 1 == 1)
        .map(|(_, entry)| entry.email.clone())
        .collect()
}

/// A live owner who is declared one, so that no world is without.
fn boss() -> (Entry, Member) {
    let email = Email::parse("boss@acme.dev").unwrap();
    let row = Member {
        id: UserId::parse("user-boss").unwrap(),
        email: Some(email.clone()),
        name: None,
        ..member(0, 0b0101_0001)
    };
    let entry = Entry {
        email,
        ..entry(0, 0b0011_1010, false)
    };
    (entry, row)
}

fn policy(bits: u8) -> Policy {
    let stance = |bit: u8| {
        if bits >> bit & 1 == 1 {
            Stance::Enforce
        } else {
            Stance::Report
        }
    };
    Policy {
        undeclared: Some(if bits.is_multiple_of(4) {
            Stance::Report
        } else {
            Stance::Enforce
        }),
        invites: stance(1),
        absent: stance(2),
        roles: if (bits >> 2).is_multiple_of(8) {
            Stance::Report
        } else {
            Stance::Enforce
        },
        admin_keys: stance(7),
        freeze: None,
    }
}

fn unmanaged(dice: u8) -> Unmanaged {
    Unmanaged {
        emails: vec![EmailPattern::parse("*@openai.com").unwrap()],
        ids: [id(11)].into(),
        scim_invites: dice & 0b11 != 0,
        flags_required: dice >> 2 & 0b11 != 0,
    }
}

fn key_in_use(keys: &[AdminKey], dice: u8) -> KeyInUse {
    match keys.get(usize::from(dice >> 1) % keys.len().max(1)) {
        Some(key) if dice & 1 == 1 => KeyInUse::Found(key.clone()),
        Some(_) | None => KeyInUse::Unknown {
            reason: "the list could not be read".to_owned(),
        },
    }
}

fn history(dice: u8) -> History {
    match dice % 8 {
        0 => History::Unknown {
            reason: "nothing is on record".to_owned(),
            required: true,
        },
        1 => History::Unknown {
            reason: "nothing is on record".to_owned(),
            required: false,
        },
        _ => History::Known {
            revocations: u32::from(dice >> 3) % 10,
            source: "audit log",
        },
    }
}

fn world(people: &[Bits], dice: Dice) -> World {
    let (mut members, mut gone, mut rows, mut pending, mut held) = (
        BTreeMap::new(),
        Vec::new(),
        Vec::new(),
        Vec::new(),
        Vec::new(),
    );
    for (at, (declared, buried, live, invited, keyed)) in people.iter().copied().enumerate() {
        if declared & 0x40 != 0 {
            let entry = entry(at, declared, buried.is_multiple_of(4));
            members.insert(entry.email.clone(), entry);
        } else if buried.is_multiple_of(4) {
            gone.push(departed(at, buried));
        }
        if live & 0x80 != 0 || live & 0b11 == 1 {
            rows.push(member(at, live));
        }
        pending.extend(invites(at, invited));
        held.extend(keys(at, keyed));
    }
    let (entry, row) = boss();
    rows.push(row);
    let required = required_owners(&members, dice[6]);
    let required = required.into_iter().chain([entry.email.clone()]).collect();
    members.insert(entry.email.clone(), entry);
    let all = Capabilities::ALL;
    let desired = DesiredRoster {
        organization: DesiredOrganization {
            id: OrganizationId::parse("org-test").unwrap(),
            slug: None,
        },
        policy: policy(dice[7]),
        guardrails: guardrails(&dice, required),
        unmanaged: unmanaged(dice[8]),
        members,
        departed: gone,
    };
    let organization = SeenOrganization {
        header: (!dice[9].is_multiple_of(4)).then(|| "org-test".to_owned()),
        date: (dice[9] >> 2 & 0b11 != 0).then(noon),
    };
    World {
        key_in_use: key_in_use(&held, dice[10]),
        history: history(dice[11]),
        people_verified: (dice[12].is_multiple_of(4)).then_some(usize::from(dice[12] >> 2)),
        desired,
        observation: Observation {
            organization,
            members: rows,
            invites: pending,
            capabilities: match dice[13] % 16 {
                0 => Capabilities {
                    invites: false,
                    ..all
                },
                1 => Capabilities {
                    roles: false,
                    ..all
                },
                2 => Capabilities {
                    owner_removal: false,
                    ..all
                },
                _ => all,
            },
        },
        keys: held,
        dice,
    }
}

pub(super) fn worlds() -> impl Strategy<Value = World> {
    let bits = (
        any::<u8>(),
        any::<u8>(),
        any::<u8>(),
        any::<u8>(),
        any::<u8>(),
    );
    (prop::collection::vec(bits, 6..20), any::<Dice>())
        .prop_map(|(people, dice)| world(&people, dice))
}
