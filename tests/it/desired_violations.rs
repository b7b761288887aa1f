//! Every kind of violation, with its words and its place.

use crate::desired::{HEAD, violations};

/// Texts that follow the head (three lines) and `[members]` where they say so, and what is wrong with them.
fn each(cases: &[(&str, &[&str])]) {
    for (text, wanted) in cases {
        let found = violations(&format!("{HEAD}{text}"));
        assert_eq!(found, *wanted, "{text}");
    }
}

#[test]
fn what_is_required_is_missed() {
    for (text, wanted) in [
        (
            "",
            vec![
                "members.toml:1:1: version is missing; write it first: version = 1",
                "members.toml:1:1: [organization] is missing; write the table with the organization's id: id = \"org-…\"",
                "members.toml:1:1: [members] is missing; write the table with one line per person: \"ada@acme.dev\" = { role = \"owner\" }",
            ],
        ),
        (
            "\u{feff}version = 2\n\n[organization]\n[members]\n",
            vec![
                "members.toml:1:11: version 2 of the members file is not known; this program reads version 1",
                "members.toml:3:2: [organization] has no `id`; write the organization's id: id = \"org-…\"",
            ],
        ),
        (
            "version = \"1\"\norganization = \"org-1\"\nmembers = []\n",
            vec![
                "members.toml:1:11: `version` must be a whole number, and this is a string",
                "members.toml:2:16: `organization` must be a table, and this is a string",
                "members.toml:3:11: `members` must be a table, and this is a list",
            ],
        ),
    ] {
        assert_eq!(violations(text), wanted, "{text}");
    }
}

#[test]
fn unknown_keys_and_values_are_never_ignored() {
    each(&[
        (
            "[members]\n\"a@acme.dev\" = { rol = \"owner\" }\n",
            &["members.toml:5:18: unknown key `rol`; did you mean `role`?"],
        ),
        (
            "[members]\n\"a@acme.dev\" = { xyz = 1 }\n",
            &[
                "members.toml:5:18: unknown key `xyz`; the keys here are `role`, `id`, `name`, `expires`, `ticket`, `reason` and `aliases`",
            ],
        ),
        (
            "[members]\n\"a@acme.dev\" = { role = \"ownr\" }\n",
            &["members.toml:5:25: unknown value `ownr` for `role`; did you mean `owner`?"],
        ),
        (
            "[members]\n\"a@acme.dev\" = { role = \"admin\" }\n",
            &[
                "members.toml:5:25: unknown value `admin` for `role`; the values are `reader` and `owner`",
            ],
        ),
        (
            "[members]\n[polciy]\n",
            &["members.toml:5:2: unknown key `polciy`; did you mean `policy`?"],
        ),
        (
            "[members]\n[policy]\nundeclared = \"delete\"\nadmin_keys = \"remove\"\n",
            &[
                "members.toml:6:14: unknown value `delete` for `undeclared`; the values are `remove` and `report`",
                "members.toml:7:14: unknown value `remove` for `admin_keys`; did you mean `revoke`?",
            ],
        ),
        (
            "[members]\n[policy]\ninvites = \"cancl\"\nabsent = \"invit\"\nroles = \"Enforce\"\nfreeze = true\n",
            &[
                "members.toml:6:11: unknown value `cancl` for `invites`; did you mean `cancel`?",
                "members.toml:7:10: unknown value `invit` for `absent`; did you mean `invite`?",
                "members.toml:8:9: unknown value `Enforce` for `roles`; did you mean `enforce`?",
                "members.toml:9:10: `freeze` must be a string, and this is a boolean",
            ],
        ),
        (
            "[members]\n[departed]\n\"a@acme.dev\" = { sinc = 2026-01-01 }\n",
            &["members.toml:6:18: unknown key `sinc`; did you mean `since`?"],
        ),
        (
            "[members]\n[unmanaged]\nemail = []\n",
            &["members.toml:6:1: unknown key `email` in [unmanaged]; did you mean `emails`?"],
        ),
    ]);
}

#[test]
fn numbers_have_bounds() {
    each(&[
        (
            "[members]\n[guardrails]\nrevocations_max = -1\nchanges_max = 1.5\nowners_min = 4294967296\n\
         revocation_fraction_max = 25\nrevocations_max_per_week = 0x1f\n",
            &[
                "members.toml:6:19: `revocations_max` must be from 0 to 4294967295",
                "members.toml:7:15: `changes_max` must be a whole number, and this is a number",
                "members.toml:8:14: `owners_min` must be from 0 to 4294967295",
                "members.toml:9:27: `revocation_fraction_max` must be a number from 0 to 1; it is a part of the whole: a quarter is 0.25",
            ],
        ),
        (
            "[members]\n[guardrails]\nrevocation_fraction_max = nan\n",
            &[
                "members.toml:6:27: `revocation_fraction_max` must be a number from 0 to 1; it is a part of the whole: a quarter is 0.25",
            ],
        ),
        (
            "[members]\n[guardrails]\nrevocation_fraction_max = \"0.1\"\n",
            &[
                "members.toml:6:27: `revocation_fraction_max` must be a number from 0 to 1, and this is a string",
            ],
        ),
    ]);
}

#[test]
fn addresses_domains_ids_and_slugs_are_what_they_say() {
    each(&[
        (
            "[members]\nada = {}\n\"b@localhost\" = {}\n",
            &[
                "members.toml:5:1: `ada` is not an e-mail address: there is no `@` in it",
                "members.toml:6:1: `b@localhost` is not an e-mail address: `localhost` is not a domain name",
            ],
        ),
        (
            "[members]\n[guardrails]\nemail_domains = [\"@acme.dev\", \"*.acme.dev\", \"acme\", 7]\n",
            &[
                "members.toml:6:18: `@acme.dev` is not an exact domain: write only what follows the `@`",
                "members.toml:6:31: `*.acme.dev` is not an exact domain: there are no wildcards; name each domain",
                "members.toml:6:45: `acme` is not an exact domain: `acme` is not a domain name",
                "members.toml:6:53: `email_domains` must be a string, and this is a whole number",
            ],
        ),
        (
            "[members]\n[unmanaged]\nemails = [\"*\", \"a@*\"]\nids = [\"\"]\nflags_required = 0\n",
            &[
                "members.toml:6:11: `*` is not an address pattern: an address pattern is a pattern, `@` and a domain, such as `*@acme.dev`",
                "members.toml:6:16: `a@*` is not an address pattern: `*` is not a literal domain name; only the part before the `@` may have `*` and `?`",
                "members.toml:7:8: `` is not a member's id: `` cannot be an id",
                "members.toml:8:18: `flags_required` must be `true` or `false`, and this is a whole number",
            ],
        ),
        (
            "slug = \"org-2\"\n[members]\n\"a@acme.dev\" = { id = \"..\", aliases = [\"x\"] }\n",
            &[
                "members.toml:4:8: `org-2` is not a slug: a text that begins with `org-` is an id",
                "members.toml:6:23: `..` is not a member's id: `..` cannot be an id",
                "members.toml:6:40: `x` is not an e-mail address: there is no `@` in it",
            ],
        ),
        (
            "[members]\n\"a@acme.dev\" = \"owner\"\n[departed]\nx = 1\n",
            &[
                "members.toml:5:16: `a@acme.dev` must be a table, and this is a string; write a table, such as { role = \"reader\" } or {}",
                "members.toml:7:5: `x` must be a table, and this is a whole number; write a table, such as { since = 2026-11-20 } or {}",
            ],
        ),
    ]);
    assert_eq!(
        violations("version = 1\n[organization]\nid = \"../x\"\n[members]\n"),
        ["members.toml:3:6: `../x` is not an organization's id: an id has no `/` and no `\\`"]
    );
}

#[test]
fn a_day_is_a_bare_date() {
    each(&[
        (
            "[members]\n\"a@acme.dev\" = { expires = \"2026-12-31\" }\n",
            &[
                "members.toml:5:28: `expires` must be a date, and this is a string; write it without quotes: expires = 2026-12-31",
            ],
        ),
        (
            "[members]\n\"a@acme.dev\" = { expires = \"soon\" }\n",
            &[
                "members.toml:5:28: `expires` must be a date, and this is a string; write a day, without quotes: expires = 2027-03-31",
            ],
        ),
        (
            "[members]\n\"a@acme.dev\" = { expires = 2026-12-31T10:00:00Z }\n",
            &[
                "members.toml:5:28: `expires` must be a date, and this is a time; write only the day (UTC): expires = 2026-12-31",
            ],
        ),
        (
            "[members]\n\"a@acme.dev\" = { expires = 2026 }\n",
            &[
                "members.toml:5:28: `expires` must be a date, and this is a whole number; write a day, without quotes: expires = 2027-03-31",
            ],
        ),
        (
            "[members]\n\"a@acme.dev\" = { rol = 1, expires = 2026-02-30 }\n",
            &[
                "members.toml:5:18: unknown key `rol`; did you mean `role`?",
                "members.toml:5:37: invalid date, expected day between 01 and 28",
            ],
        ),
        (
            "[members]\n[departed]\nu = { since = 10:00:00 }\n",
            &[
                "members.toml:6:15: `since` must be a date, and this is a time; write only the day (UTC): since = 2027-03-31",
            ],
        ),
    ]);
}

#[test]
fn one_person_stands_once() {
    each(&[
        (
            "[members]\n\"a@acme.dev\" = {}\n\"a@acme.dev\" = {}\n",
            &[
                "members.toml:6:1: `a@acme.dev` is declared twice; first declared here (members.toml:5:1); keep one of the two lines",
            ],
        ),
        (
            "[members]\n\"a@acme.dev\" = {}\n\"A@Acme.DEV\" = {}\n",
            &[
                "members.toml:6:1: `a@acme.dev` is declared twice; first declared here (members.toml:5:1); keep one of the two lines",
            ],
        ),
        (
            "[members]\n\"a@straße.de\" = {}\n\"a@xn--strae-oqa.de\" = {}\n",
            &[
                "members.toml:6:1: `a@xn--strae-oqa.de` is declared twice; first declared here (members.toml:5:1); keep one of the two lines",
            ],
        ),
        (
            "[members]\n\"b@acme.dev\" = { id = \"user-1\" }\n\"a@acme.dev\" = { id = \"user-1\" }\n",
            &[
                "members.toml:6:23: the id `user-1` is pinned twice; first pinned here (members.toml:5:23)",
            ],
        ),
        (
            "[members]\n\"a@acme.dev\" = { aliases = [\"b@acme.dev\", \"c@acme.dev\", \"c@acme.dev\"] }\n\"b@acme.dev\" = {}\n",
            &[
                "members.toml:5:29: the alias `b@acme.dev` is a declared address; declared here (members.toml:6:1)",
                "members.toml:5:57: the alias `c@acme.dev` is written twice; first written here (members.toml:5:43)",
            ],
        ),
        (
            "[members]\n\"a@acme.dev\" = {}\n[departed]\n\"A@acme.dev\" = {}\n",
            &[
                "members.toml:7:1: `a@acme.dev` is both in [members] and in [departed]; declared a member here (members.toml:5:1); delete the line that does not hold",
            ],
        ),
        (
            "[members]\n\"a@acme.dev\" = { id = \"user-1\" }\n[departed]\n\"user-1\" = {}\n",
            &[
                "members.toml:7:1: `user-1` is both in [members] and in [departed]; declared a member here (members.toml:5:23); delete the line that does not hold",
            ],
        ),
        (
            "[members]\n\"a@acme.dev\" = { id = \"user-1\" }\n[departed]\n\"b@acme.dev\" = { id = \"user-1\" }\n",
            &[
                "members.toml:7:23: `user-1` is both in [members] and in [departed]; declared a member here (members.toml:5:23); delete the line that does not hold",
            ],
        ),
        (
            "[members]\n[departed]\n\"b@acme.dev\" = {}\n\"B@acme.dev\" = {}\n\"user-1\" = { id = \"user-2\" }\n",
            &[
                "members.toml:7:1: `b@acme.dev` is declared twice; first declared here (members.toml:6:1); keep one of the two lines",
                "members.toml:8:14: `user-1` is an id already",
            ],
        ),
        (
            "[members]\n\"a@acme.dev\" = { role = \"owner\", role = \"reader\" }\n",
            &["members.toml:5:34: `role` is written twice; first written here (members.toml:5:18)"],
        ),
        (
            "[members]\n[policy]\n[policy]\n",
            &["members.toml:6:2: `policy` is written twice"],
        ),
    ]);
}

#[test]
fn a_required_owner_is_one_for_good() {
    each(&[
        (
            "[guardrails]\nrequired_owners = [\"a@acme.dev\", \"b@acme.dev\", \"c@acme.dev\", \"d@acme.dev\", \"e\"]\n[members]\n\
          \"a@acme.dev\" = { role = \"owner\" }\n\"b@acme.dev\" = {}\n\"c@acme.dev\" = { role = \"owner\", expires = 2030-01-01 }\n",
            &[
                "members.toml:5:34: the required owner `b@acme.dev` has not the role owner; declared here (members.toml:8:1); write role = \"owner\" there",
                "members.toml:5:62: the required owner `d@acme.dev` is not in [members]; declare it: \"d@acme.dev\" = { role = \"owner\" }",
                "members.toml:5:76: `e` is not an e-mail address: there is no `@` in it",
                "members.toml:9:44: the required owner `c@acme.dev` cannot expire; required here (members.toml:5:48); delete `expires`, or take the address out of required_owners",
            ],
        ),
        // What could not be read is not reported a second time as absent.
        (
            "[guardrails]\nrequired_owners = [\"a@acme.dev\"]\n[members]\n\"a@acme.dev\" = { role = \"ownr\" }\n",
            &["members.toml:7:25: unknown value `ownr` for `role`; did you mean `owner`?"],
        ),
    ]);
}
