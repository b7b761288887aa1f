//! Each breach, the figure at its limit, what is withheld and what refuses.

use std::collections::BTreeSet;

use super::{ApprovedPlan, BreachKind, Evidence, History, Judgement, Refusal, approve};
use crate::desired::{DesiredRoster, Entry};
use crate::plan::testing::{
    TODAY, admin_key, departed_id, desired, email, entry, live, member, owner, owner_entry,
    revoking_keys, user,
};
use crate::plan::{compute, settle_keys};
use crate::roster::{
    AdminKey, Flags, KeyHolder, KeyId, KeyInUse, LiveRoster, Member, Observation, SeenOrganization,
};

/// A key of Ada's.
fn key_of(id: &str) -> KeyInUse {
    KeyInUse::Found(AdminKey {
        id: KeyId::parse("key_1").unwrap(),
        name: None,
        redacted_value: "sk-admin...abc".to_owned(),
        holder: KeyHolder::Person(user(id)),
        created_at: None,
        expires_at: None,
        last_used_at: None,
    })
}

struct Case {
    file: DesiredRoster,
    roster: LiveRoster,
    keys: Vec<AdminKey>,
    key: KeyInUse,
    history: History,
    people_verified: Option<usize>,
    accepted: BTreeSet<BreachKind>,
}

impl Case {
    fn new(file: DesiredRoster, rows: Vec<Member>) -> Self {
        let history = History::Known {
            revocations: 0,
            source: "audit log",
        };
        let (roster, key) = (live(rows, []), key_of("user-ada"));
        Self {
            file,
            roster,
            keys: Vec::new(),
            key,
            history,
            people_verified: None,
            accepted: BTreeSet::new(),
        }
    }

    fn judge(&self) -> Result<ApprovedPlan, Box<Refusal>> {
        let evidence = Evidence {
            desired: &self.file,
            live: &self.roster,
            key_in_use: &self.key,
            history: self.history.clone(),
            people_verified: self.people_verified,
            accepted: self.accepted.clone().into(),
        };
        let mut plan = compute(&self.file, &self.roster, TODAY);
        settle_keys(&mut plan, &self.file, &self.roster, &Ok(self.keys.clone()));
        approve(plan, &evidence)
    }

    /// `breach message` of everything that refuses, `person: breach` of everything that is withheld.
    fn breaches(&self) -> Vec<String> {
        let judged = self.judge();
        let judgement: &Judgement = match &judged {
            Ok(approved) => approved.judgement(),
            Err(refusal) => refusal.judgement(),
        };
        let mut lines: Vec<String> = judgement
            .breaches
            .iter()
            .map(|breach| format!("{}: {}", breach.kind, breach.message))
            .collect();
        for row in &judgement.withheld {
            let kinds: Vec<_> = row
                .breaches
                .iter()
                .map(|breach| breach.kind.as_str())
                .collect();
            lines.push(format!(
                "{} withheld for {} ({} actions)",
                row.person.label(),
                kinds.join(", "),
                row.actions.len()
            ));
        }
        lines
    }
}

fn with_ada(entries: Vec<Entry>) -> DesiredRoster {
    desired([owner_entry("ada@acme.dev")].into_iter().chain(entries))
}

fn ada() -> Member {
    owner("user-ada", "ada@acme.dev")
}

/// Ada, `undeclared` people whom the file does not name, and `declared` whom it does.
fn crowd(undeclared: usize, declared: usize) -> Case {
    let name = |at: usize| {
        format!(
            "{}@acme.dev",
            char::from(b'a' + u8::try_from(at % 26).unwrap())
                .to_string()
                .repeat(2 + at / 26)
        )
    };
    let rows = (0..undeclared + declared).map(|at| member(&format!("user-{at}"), &name(at)));
    let file = with_ada(
        (undeclared..undeclared + declared)
            .map(|at| entry(&name(at)))
            .collect(),
    );
    Case::new(file, [ada()].into_iter().chain(rows).collect())
}

#[test]
fn a_figure_equal_to_its_limit_is_no_breach() {
    assert_eq!(crowd(10, 40).breaches(), [""; 0]);
    assert_eq!(
        crowd(11, 40).breaches(),
        ["revocations-max: 11 revocations, and 10 is the limit of one run"]
    );
    // Four of sixteen managed people are a quarter.
    assert_eq!(crowd(4, 11).breaches(), [""; 0]);
    assert_eq!(
        crowd(4, 10).breaches(),
        [
            "revocation-fraction-max: 4 revocations are 26.7 % of 15 managed people and invites, and 25.0 % is the limit"
        ]
    );
    assert_eq!(
        crowd(3, 0).breaches(),
        [""; 0],
        "the fraction is not consulted for three"
    );
}

#[test]
fn the_week_counts_when_it_is_known() {
    let mut case = crowd(5, 40);
    case.history = History::Known {
        revocations: 15,
        source: "audit log",
    };
    assert_eq!(case.breaches(), [""; 0]);
    case.history = History::Known {
        revocations: 16,
        source: "journals",
    };
    assert_eq!(
        case.breaches(),
        [
            "revocations-max-per-week: 5 revocations beside 16 of the last seven days (journals), and 20 is the limit"
        ]
    );
    case.history = History::Unknown {
        reason: "nothing is on record".to_owned(),
        required: false,
    };
    let approved = case.judge().unwrap();
    assert_eq!(
        approved.judgement().caveats,
        ["revocations_max_per_week (20) is not enforced: nothing is on record"]
    );
    case.history = History::Unknown {
        reason: "nothing is on record".to_owned(),
        required: true,
    };
    assert_eq!(
        case.breaches(),
        [
            "revocations-max-per-week: the last seven days are not known (nothing is on record), and --require-history was given"
        ]
    );
}

#[test]
fn changes_are_invites_and_promotions() {
    let invited = |count: usize| {
        let mut case = Case::new(
            with_ada(
                (0..count)
                    .map(|at| entry(&format!("n{at}@acme.dev")))
                    .collect(),
            ),
            vec![ada()],
        );
        case.file
            .guardrails
            .email_domains
            .insert("acme.dev".to_owned());
        case.breaches()
    };
    assert_eq!(invited(20), [""; 0]);
    assert_eq!(
        invited(21),
        ["changes-max: 21 invites and promotions, and 20 is the limit of one run"]
    );
}

#[test]
fn owners_are_counted_when_they_change() {
    let mut case = Case::new(
        with_ada(vec![entry("lin@acme.dev")]),
        vec![
            ada(),
            owner("user-bo", "bo@acme.dev"),
            member("user-lin", "lin@acme.dev"),
        ],
    );
    assert_eq!(
        case.breaches(),
        ["owners-min: 1 owner would be left, and 2 is the least"]
    );
    case.file.guardrails.owners_min = 1;
    assert_eq!(case.breaches(), [""; 0]);
    let alone = Case::new(
        with_ada(vec![]),
        vec![ada(), member("user-eve", "eve@acme.dev")],
    );
    assert_eq!(
        alone.breaches(),
        [""; 0],
        "one owner is few, and this plan does not change it"
    );
}

#[test]
fn revocations_need_a_proof_of_the_organization() {
    let anonymous = |file: DesiredRoster, rows: Vec<Member>| {
        let mut case = Case::new(file, rows);
        let observation = case.roster.to_observation();
        case.roster = LiveRoster::assemble(Observation {
            organization: SeenOrganization::default(),
            ..observation
        })
        .unwrap();
        case.breaches()
    };
    let eve = || member("user-eve", "eve@acme.dev");
    assert_eq!(
        anonymous(with_ada(vec![]), vec![ada(), eve()]),
        [
            "organization-unproven: nothing proves that this is org-test: the answers do not name it, and no pinned id is live"
        ]
    );
    let pinned = desired([Entry {
        id: Some(user("user-ada")),
        ..owner_entry("ada@acme.dev")
    }]);
    assert_eq!(anonymous(pinned, vec![ada(), eve()]), [""; 0]);
    assert_eq!(
        anonymous(with_ada(vec![]), vec![ada()]),
        [""; 0],
        "nothing is revoked"
    );
}

#[test]
fn a_shrunk_roster_refuses() {
    let mut case = crowd(1, 10);
    case.people_verified = Some(24);
    assert_eq!(case.breaches(), [""; 0]);
    case.people_verified = Some(25);
    assert_eq!(
        case.breaches(),
        ["roster-shrunk: 12 people are live, fewer than half of the 25 of the last verified run"]
    );
}

#[test]
fn people_are_withheld_and_the_rest_is_judged_again() {
    let mut case = crowd(11, 40);
    case.file
        .guardrails
        .required_owners
        .insert(email("aa@acme.dev"));
    assert_eq!(
        case.breaches(),
        ["aa@acme.dev withheld for required-owners (1 actions)"]
    );
    assert_eq!(case.judge().unwrap().actions().len(), 10);
}

#[test]
fn breaches_about_people() {
    let mut keyed = Case::new(
        with_ada(vec![owner_entry("kay@acme.dev")]),
        vec![
            ada(),
            owner("user-kay", "kay@acme.dev"),
            member("user-eve", "eve@acme.dev"),
        ],
    );
    keyed.key = key_of("user-eve");
    assert_eq!(
        keyed.breaches(),
        ["eve@acme.dev withheld for key-owner (1 actions)"]
    );

    let mut unknown = Case::new(
        with_ada(vec![owner_entry("kay@acme.dev")]),
        vec![
            ada(),
            owner("user-kay", "kay@acme.dev"),
            owner("user-eve", "eve@acme.dev"),
            member("user-bob", "bob@acme.dev"),
        ],
    );
    unknown.key = KeyInUse::Unknown {
        reason: "the list could not be read".to_owned(),
    };
    assert_eq!(
        unknown.breaches(),
        ["eve@acme.dev withheld for key-owner (1 actions)"]
    );

    let flagless = Member {
        flags: Flags {
            scim_managed: None,
            ..Flags::PERSON
        },
        ..member("user-eve", "eve@acme.dev")
    };
    let mut protection = Case::new(with_ada(vec![]), vec![ada(), flagless]);
    assert_eq!(
        protection.breaches(),
        ["eve@acme.dev withheld for protection-unknown (1 actions)"]
    );
    protection.file.unmanaged.flags_required = false;
    assert_eq!(protection.breaches(), [""; 0]);

    let mut grants = Case::new(
        with_ada(vec![
            owner_entry("lin@acme.dev"),
            owner_entry("new@acme.dev"),
        ]),
        vec![ada(), member("user-lin", "lin@acme.dev")],
    );
    grants
        .file
        .guardrails
        .email_domains
        .insert("acme.dev".to_owned());
    assert_eq!(
        grants.breaches(),
        [
            "lin@acme.dev withheld for owner-grant (1 actions)",
            "new@acme.dev withheld for owner-grant (1 actions)"
        ]
    );
    grants
        .file
        .guardrails
        .required_owners
        .extend([email("lin@acme.dev"), email("new@acme.dev")]);
    assert_eq!(grants.breaches(), [""; 0]);

    let outside = Case::new(with_ada(vec![entry("x@other.dev")]), vec![ada()]);
    assert_eq!(
        outside.breaches(),
        ["x@other.dev withheld for email-domains (1 actions)"]
    );

    let unwritten = Case::new(
        with_ada(vec![entry("bo@acme.dev"), owner_entry("kay@acme.dev")]),
        vec![
            ada(),
            owner("user-bo", "bo@acme.dev"),
            owner("user-kay", "kay@acme.dev"),
        ],
    );
    assert_eq!(
        unwritten.breaches(),
        ["bo@acme.dev withheld for role-unwritten (1 actions)"]
    );
}

#[test]
fn both_of_a_suspicious_pair_are_withheld() {
    let mut case = Case::new(
        with_ada(vec![entry("grace.hoper@acme.dev")]),
        vec![ada(), member("user-1", "grace.hopper@acme.dev")],
    );
    case.file
        .guardrails
        .email_domains
        .insert("acme.dev".to_owned());
    assert_eq!(
        case.breaches(),
        [
            "grace.hoper@acme.dev withheld for possible-rename (1 actions)",
            "grace.hopper@acme.dev withheld for possible-rename (1 actions)"
        ]
    );
    case.accepted.insert(BreachKind::PossibleRename);
    let approved = case.judge().unwrap();
    assert_eq!(
        (
            approved.actions().len(),
            approved.judgement().accepted.len()
        ),
        (2, 1)
    );
}

#[test]
fn an_undecidable_identity_is_withheld_and_cannot_be_accepted() {
    let pinned = Entry {
        id: Some(user("user-1")),
        ..entry("lin@acme.dev")
    };
    let mut case = Case::new(
        with_ada(vec![pinned]),
        vec![
            ada(),
            member("user-1", "x@acme.dev"),
            member("user-2", "lin@acme.dev"),
        ],
    );
    case.accepted.insert(BreachKind::IdentityConflict);
    assert_eq!(
        case.breaches(),
        [
            "lin@acme.dev withheld for identity-conflict (0 actions)",
            "x@acme.dev withheld for identity-conflict (0 actions)"
        ]
    );
}

#[test]
fn an_acceptance_lets_a_plan_pass_and_is_on_record() {
    let mut case = crowd(11, 40);
    case.accepted.insert(BreachKind::RevocationsMax);
    let approved = case.judge().unwrap();
    assert_eq!(
        approved.judgement().accepted[0].kind,
        BreachKind::RevocationsMax
    );
    assert_eq!(approved.actions().len(), 11);
}

#[test]
fn a_look_alike_names_the_letter_that_nobody_sees() {
    let file = desired([owner_entry("ada@acme.dev"), entry("p\u{430}ul@acme.dev")]);
    let rows = vec![
        owner("user-ada", "ada@acme.dev"),
        member("user-2", "paul@acme.dev"),
    ];
    let judged = Case::new(file, rows).judge().unwrap();
    let messages: Vec<_> = judged
        .judgement()
        .withheld
        .iter()
        .flat_map(|row| &row.breaches)
        .filter(|breach| breach.kind == BreachKind::LookAlike)
        .map(|breach| breach.message.as_str())
        .collect();
    assert!(!messages.is_empty());
    for message in messages {
        assert_eq!(
            message,
            "the declared p\u{430}ul@acme.dev (\u{430} is U+0430) looks like the live paul@acme.dev, \
             and is another address"
        );
    }
}

/// Ada and Kay stay owners; Eve, an undeclared owner, has two keys, and Lin, a declared reader, has one.
fn keyed(key: KeyInUse) -> Case {
    let file = with_ada(vec![owner_entry("kay@acme.dev"), entry("lin@acme.dev")]);
    let rows = vec![
        ada(),
        owner("user-kay", "kay@acme.dev"),
        owner("user-eve", "eve@acme.dev"),
        member("user-lin", "lin@acme.dev"),
    ];
    Case {
        keys: vec![
            admin_key("key_e1", "user-eve"),
            admin_key("key_e2", "user-eve"),
            admin_key("key_l1", "user-lin"),
            admin_key("key_1", "user-ada"),
        ],
        key,
        ..Case::new(revoking_keys(file), rows)
    }
}

#[test]
fn a_revoked_key_is_no_further_revocation() {
    let mut case = keyed(key_of("user-ada"));
    case.file.guardrails.revocations_max = 1;
    case.file.guardrails.changes_max = 0;
    assert_eq!(case.breaches(), [""; 0]);
    let changes: Vec<String> = case
        .judge()
        .unwrap()
        .actions()
        .iter()
        .map(|row| row.change.to_string())
        .collect();
    assert_eq!(
        changes,
        [
            "remove eve@acme.dev (owner)",
            "revoke the admin key key_e1 of eve@acme.dev",
            "revoke the admin key key_e2 of eve@acme.dev",
            "revoke the admin key key_l1 of lin@acme.dev",
        ]
    );
}

#[test]
fn the_keys_of_whoever_holds_the_key_in_use_are_theirs_to_lose() {
    let of_machine = KeyInUse::Found(AdminKey {
        holder: KeyHolder::ServiceAccount,
        ..admin_key("key_9", "user-ada")
    });
    let unsaid = KeyInUse::Found(AdminKey {
        holder: KeyHolder::Unknown,
        ..admin_key("key_9", "user-ada")
    });
    let unread = KeyInUse::Unknown {
        reason: "the list could not be read".to_owned(),
    };
    let (eve, lin) = (
        "eve@acme.dev withheld for key-owner (3 actions)",
        "lin@acme.dev withheld for key-owner (1 actions)",
    );
    for (key, withheld) in [
        (key_of("user-eve"), &[eve][..]),
        (key_of("user-lin"), &[lin]),
        (key_of("user-kay"), &[]),
        (of_machine, &[]),
        // Whoever holds it, a key that may be the one in use is not revoked unseen.
        (unsaid, &[eve, lin]),
        (unread, &[eve, lin]),
    ] {
        let case = keyed(key);
        assert_eq!(case.breaches(), withheld, "{:?}", case.key);
    }
    let mut accepted = keyed(key_of("user-eve"));
    accepted.accepted.insert(BreachKind::KeyOwner);
    let approved = accepted.judge().unwrap();
    assert_eq!(approved.actions().len(), 4);
    assert_eq!(
        approved.judgement().accepted.len(),
        3,
        "one for each action"
    );
}

#[test]
fn a_key_alone_needs_a_proof_of_the_organization_and_a_roster_that_has_not_shrunk() {
    let mut file = revoking_keys(with_ada(vec![]));
    file.departed = vec![departed_id("user-gone")];
    let mut case = Case::new(file, vec![ada()]);
    case.keys = vec![admin_key("key_g", "user-gone")];
    assert_eq!(case.breaches(), [""; 0]);
    case.history = History::Unknown {
        reason: "nothing is on record".to_owned(),
        required: true,
    };
    assert_eq!(case.breaches(), [""; 0], "a week counts people, not keys");
    case.people_verified = Some(3);
    case.roster = LiveRoster::assemble(Observation {
        organization: SeenOrganization::default(),
        ..case.roster.to_observation()
    })
    .unwrap();
    assert_eq!(
        case.breaches(),
        [
            "organization-unproven: nothing proves that this is org-test: the answers do not name it, and no pinned id is live",
            "roster-shrunk: 1 people are live, fewer than half of the 3 of the last verified run",
        ]
    );
}
