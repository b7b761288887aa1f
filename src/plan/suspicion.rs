//! Pairs that may be one person: an undeclared member and a declared person who is not in.
//!
//! Removing the one and inviting the other would cost somebody their work for a typing error, a new surname or a
//! look-alike letter, so such pairs are found here and withheld by the guardrails. The pairs are found through an
//! index of what can be left out of a local part (two letters at most), so that ten thousand people on each side
//! cost ten thousand steps and not their product.

use std::collections::{BTreeMap, BTreeSet};

use unicode_normalization::UnicodeNormalization as _;

use super::{Likeness, Person, Suspicion};
use crate::desired::Entry;
use crate::roster::{Email, Member};

/// Edits by which two local parts may differ and still be one person's.
const EDITS_MAX: usize = 2;
/// Letters that a local part needs before its spelling says anything.
const LETTERS_MIN: usize = 6;
/// Letters above which a local part is compared by name only: the index grows with their square.
const LETTERS_MAX: usize = 40;
/// Where FNV-1a starts in 64 bits, and what it multiplies by.
const DIGEST_START: u64 = 0xcbf2_9ce4_8422_2325;
const DIGEST_FACTOR: u64 = 0x0000_0100_0000_01b3;

/// Finds every suspicious pair, sorted.
pub(super) fn find(absent: &[&Entry], undeclared: &[&Member]) -> Vec<Suspicion> {
    if absent.is_empty() || undeclared.is_empty() {
        return Vec::new();
    }
    let mut found: BTreeSet<Suspicion> = BTreeSet::new();
    let mut add = |likeness, entry: &Entry, member: &Member| {
        let (declared, live) = (Person::address(&entry.email), Person::member(member));
        found.insert(Suspicion {
            likeness,
            declared,
            live,
        });
    };
    look_alikes(absent, undeclared, &mut add);
    same_names(absent, undeclared, &mut add);
    close_spellings(absent, undeclared, &mut add);
    found.into_iter().collect()
}

/// The form in which two addresses are equal when they look the same, and whether it took a non-ASCII letter.
fn skeleton(email: &Email) -> (String, bool) {
    let text = email.to_unicode();
    let compatible: String = text.nfkc().collect();
    (
        unicode_security::skeleton(&compatible.to_lowercase()).collect(),
        !text.is_ascii(),
    )
}

fn look_alikes(
    absent: &[&Entry],
    undeclared: &[&Member],
    add: &mut impl FnMut(Likeness, &Entry, &Member),
) {
    let unusual = |email: &Email| !email.as_str().is_ascii() || email.domain().contains("xn--");
    let any_entry_unusual = absent.iter().any(|entry| unusual(&entry.email));
    let mut rows: BTreeMap<String, Vec<(&Member, bool)>> = BTreeMap::new();
    for member in undeclared {
        if let Some(email) = member
            .email
            .as_ref()
            .filter(|email| any_entry_unusual || unusual(email))
        {
            let (form, foreign) = skeleton(email);
            rows.entry(form).or_default().push((member, foreign));
        }
    }
    if rows.is_empty() {
        return;
    }
    for entry in absent {
        let (form, entry_foreign) = skeleton(&entry.email);
        for (member, row_foreign) in rows.get(&form).into_iter().flatten() {
            if entry_foreign || *row_foreign {
                add(Likeness::LookAlike, entry, member);
            }
        }
    }
}

/// A live display name alone says nothing: anybody can choose one. Only a name that the file pins counts.
fn same_names(
    absent: &[&Entry],
    undeclared: &[&Member],
    add: &mut impl FnMut(Likeness, &Entry, &Member),
) {
    let mut pinned: BTreeMap<&str, Vec<&Entry>> = BTreeMap::new();
    for entry in absent {
        if let Some(name) = entry
            .name
            .as_deref()
            .map(str::trim)
            .filter(|name| !name.is_empty())
        {
            pinned.entry(name).or_default().push(entry);
        }
    }
    for member in undeclared {
        let name = member.name.as_deref().map_or("", str::trim);
        for entry in pinned.get(name).into_iter().flatten() {
            add(Likeness::Name, entry, member);
        }
    }
}

fn close_spellings(
    absent: &[&Entry],
    undeclared: &[&Member],
    add: &mut impl FnMut(Likeness, &Entry, &Member),
) {
    let mut index: Vec<(u64, usize)> = Vec::new();
    for (at, entry) in absent.iter().enumerate() {
        index.extend(left_out(&entry.email).into_iter().map(|form| (form, at)));
    }
    index.sort_unstable();
    for member in undeclared {
        let Some(email) = &member.email else { continue };
        let mut candidates: BTreeSet<usize> = BTreeSet::new();
        for form in left_out(email) {
            let start = index.partition_point(|(other, _)| *other < form);
            let same = index[start..]
                .iter()
                .take_while(|(other, _)| *other == form);
            candidates.extend(same.map(|(_, at)| at));
        }
        for entry in candidates.into_iter().map(|at| absent[at]) {
            if entry.email.domain() == email.domain()
                && strsim::damerau_levenshtein(entry.email.local(), email.local()) <= EDITS_MAX
            {
                add(Likeness::Spelling, entry, member);
            }
        }
    }
}

/// The digests of every form of an address with at most [`EDITS_MAX`] letters of its local part left out. Two local
/// parts within that many edits share at least one form, because an insertion, a change and a swap each come down to
/// one letter left out on a side. Digests rather than the forms themselves: a word has a hundred, and two that are
/// equal by accident only cost a comparison.
fn left_out(email: &Email) -> Vec<u64> {
    let letters: Vec<char> = email.local().chars().collect();
    if !(LETTERS_MIN..=LETTERS_MAX).contains(&letters.len()) {
        return Vec::new();
    }
    let domain = digest(DIGEST_START, email.domain().chars());
    let mut forms = vec![digest(domain, letters.iter().copied())];
    for first in 0..letters.len() {
        for second in first..letters.len() {
            let kept = letters
                .iter()
                .enumerate()
                .filter(|(at, _)| *at != first && *at != second);
            forms.push(digest(domain, kept.map(|(_, letter)| *letter)));
        }
    }
    forms.sort_unstable();
    forms.dedup();
    forms
}

/// FNV-1a over letters: the same on every machine, and quick on a dozen of them.
fn digest(start: u64, letters: impl Iterator<Item = char>) -> u64 {
    letters.fold(start, |sum, letter| {
        (sum ^ u64::from(u32::from(letter))).wrapping_mul(DIGEST_FACTOR)
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::plan::testing::{entry, member};

    fn found(declared: &[(&str, &str)], live: &[(&str, &str)]) -> Vec<(Likeness, String, String)> {
        let entries: Vec<Entry> = declared
            .iter()
            .map(|(email, name)| Entry {
                name: Some((*name).to_owned()),
                ..entry(email)
            })
            .collect();
        let members: Vec<Member> = live
            .iter()
            .enumerate()
            .map(|(at, (email, name))| Member {
                name: Some((*name).to_owned()),
                ..member(&format!("user-{at}"), email)
            })
            .collect();
        find(
            &entries.iter().collect::<Vec<_>>(),
            &members.iter().collect::<Vec<_>>(),
        )
        .into_iter()
        .map(
            |Suspicion {
                 likeness,
                 declared,
                 live,
             }| {
                (
                    likeness,
                    declared.label().to_owned(),
                    live.label().to_owned(),
                )
            },
        )
        .collect()
    }

    #[test]
    fn pairs_that_may_be_one_person() {
        for (declared, live, likeness) in [
            (
                ("grace.hoper@acme.dev", ""),
                ("grace.hopper@acme.dev", "Grace"),
                Some(Likeness::Spelling),
            ),
            (
                ("garce.hopper@acme.dev", ""),
                ("grace.hopper@acme.dev", ""),
                Some(Likeness::Spelling),
            ),
            (
                ("grace.hopp@acme.dev", ""),
                ("grace.hopper@acme.dev", ""),
                Some(Likeness::Spelling),
            ),
            (
                ("grace.hop@acme.dev", ""),
                ("grace.hopper@acme.dev", ""),
                None,
            ),
            (
                ("grace.hopper@acme.dev", ""),
                ("grace.hopper@other.dev", ""),
                None,
            ),
            (("ada@acme.dev", ""), ("adb@acme.dev", ""), None),
            (
                ("grace@acme.dev", "Grace Hopper"),
                ("murray@acme.dev", "Grace Hopper"),
                Some(Likeness::Name),
            ),
            (("grace@acme.dev", ""), ("murray@acme.dev", ""), None),
            (
                ("аdmin@acme.dev", ""),
                ("admin@acme.dev", ""),
                Some(Likeness::LookAlike),
            ),
            (
                ("admin@acme.dev", ""),
                ("аdmin@acme.dev", ""),
                Some(Likeness::LookAlike),
            ),
            (
                ("admin@аcme.dev", ""),
                ("admin@acme.dev", ""),
                Some(Likeness::LookAlike),
            ),
            (("l0gan@acme.dev", ""), ("lOgan@acme.dev", ""), None),
        ] {
            let pairs = found(&[declared], &[live]);
            assert_eq!(
                pairs.first().map(|pair| pair.0),
                likeness,
                "{declared:?} {live:?}: {pairs:?}"
            );
        }
    }

    #[test]
    fn the_index_finds_what_the_distance_finds() {
        let words = [
            "abcdef", "abcdfe", "abdcfe", "xbcdef", "bcdefg", "abcdefgh", "abcd", "fedcba",
            "abXdYf",
        ];
        for left in words {
            for right in words {
                let near = left.len() >= LETTERS_MIN
                    && right.len() >= LETTERS_MIN
                    && strsim::damerau_levenshtein(left, right) <= EDITS_MAX;
                let [forms, others] = [left, right]
                    .map(|local| left_out(&Email::parse(&format!("{local}@acme.dev")).unwrap()));
                let shared = forms.iter().any(|form| others.contains(form));
                assert!(!near || shared, "{left} {right}");
            }
        }
    }
}
