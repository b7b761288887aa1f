//! What becomes of pending invites: latent access that the file allows, or does not.

use super::compute::{Draft, Fate, departed_reason, expired_reason};
use super::identity::Identities;
use super::{Change, Difference, Note, Person, Reason, Remark, UnmanagedReason, UnmanagedRow};
use crate::desired::{Entry, Stance};
use crate::roster::{Email, Invite, LiveRole, Protection, Role};

/// Settles every pending invite, address by address.
pub(super) fn settle<'a>(draft: &mut Draft<'a>, identities: &Identities<'a>) {
    let scim = draft
        .live
        .members()
        .any(|member| member.protection() == Some(Protection::ScimManaged));
    for group in draft.live.invites().chunk_by(|a, b| a.email == b.email) {
        let email = &group[0].email;
        match draft.desired.members.get(email) {
            _ if identities.is_disputed(email) => {}
            Some(entry) => declared(draft, identities, entry, group),
            None => undeclared(draft, identities, group, scim),
        }
    }
}

/// Invites of a declared person. The group is never empty, and its newest comes first.
fn declared<'a>(
    draft: &mut Draft<'a>,
    identities: &Identities<'a>,
    entry: &Entry,
    group: &[Invite],
) {
    let email = &entry.email;
    if let Some(reason) = expired_reason(entry, draft.today) {
        return cancel(draft, group, &reason);
    }
    if identities.absent.contains_key(email) {
        return absent(draft, entry, group);
    }
    if identities.vanished.contains_key(email) {
        for invite in group {
            draft.report(
                Person::address(email),
                Difference::InviteOfVanished {
                    role: invite.role.clone(),
                },
            );
        }
        return;
    }
    // The person is in, perhaps under another address: the invite has nothing to give.
    draft.remark(Remark::InviteOfMember {
        email: email.clone(),
    });
}

/// Invites of a declared person who is not in: the newest with the declared role stays.
fn absent(draft: &mut Draft<'_>, entry: &Entry, group: &[Invite]) {
    let desired = entry.role.unwrap_or(Role::Reader);
    let enforced =
        draft.desired.policy.roles == Stance::Enforce && draft.live.capabilities().invites;
    let stays = group
        .iter()
        .position(|invite| invite.role == LiveRole::Known(desired));
    for (at, invite) in group.iter().enumerate() {
        let same_role = invite.role == LiveRole::Known(desired);
        if Some(at) == stays {
            draft.plan.unchanged += 1;
            draft.remark(Remark::Invited {
                email: entry.email.clone(),
            });
        } else if same_role || enforced {
            let reason = if stays.is_some() {
                Reason::InviteSurplus
            } else {
                Reason::InviteRoleDiffers
            };
            cancel(draft, std::slice::from_ref(invite), &reason);
        } else {
            let difference = Difference::InviteRole {
                live: invite.role.clone(),
                desired,
            };
            draft.report(Person::address(&entry.email), difference);
        }
    }
    if stays.is_none() && enforced {
        draft.invite(entry, Reason::InviteRoleDiffers);
    }
}

/// Invites of an address that is no entry.
fn undeclared<'a>(
    draft: &mut Draft<'a>,
    identities: &Identities<'a>,
    group: &[Invite],
    scim: bool,
) {
    let email = &group[0].email;
    if let Some(departed) = identities.tombstone(email) {
        return cancel(draft, group, &departed_reason(departed));
    }
    if let Some(member) = draft.live.member_by_email(email) {
        return match draft.fate(member, identities.claim(&member.id)) {
            Fate::Gone(_) | Fate::Undeclared if draft.removed.contains(&member.id) => {
                cancel(draft, group, &Reason::InviteOfRemoved);
            }
            Fate::Stuck(reason, _) => cancel(draft, group, &reason),
            Fate::Disputed => {}
            Fate::Gone(_) | Fate::Undeclared | Fate::Keep(_) | Fate::Leave(_) => {
                draft.remark(Remark::InviteOfMember {
                    email: email.clone(),
                });
            }
        };
    }
    if let Some(pattern) = draft.desired.unmanaged.pattern_for(email) {
        let why = UnmanagedReason::Pattern(pattern.to_string());
        return leave(draft, group, &why);
    }
    let left_to_scim = scim && draft.desired.unmanaged.scim_invites;
    if draft.desired.policy.invites == Stance::Enforce
        && !left_to_scim
        && draft.live.capabilities().invites
    {
        return cancel(draft, group, &Reason::Undeclared);
    }
    for invite in group {
        let difference = Difference::UndeclaredInvite {
            role: invite.role.clone(),
            scim: left_to_scim,
        };
        draft.report(Person::address(email), difference);
    }
}

fn leave(draft: &mut Draft<'_>, group: &[Invite], why: &UnmanagedReason) {
    for invite in group {
        draft.plan.managed -= 1;
        let (person, role) = (Person::address(&invite.email), invite.role.clone());
        draft.plan.unmanaged.push(UnmanagedRow {
            person,
            role,
            invite: true,
            why: why.clone(),
        });
    }
}

fn cancel(draft: &mut Draft<'_>, group: &[Invite], reason: &Reason) {
    for invite in group {
        let notes = if invite.role.is_owner() {
            vec![Note::Owner]
        } else {
            Vec::new()
        };
        let person = person_of(draft, &invite.email);
        draft.act(
            Change::CancelInvite {
                invite: invite.clone(),
            },
            person,
            reason.clone(),
            notes,
            None,
        );
    }
}

/// The invited person: with the member's id where the address is live, so that both actions are one person's.
fn person_of(draft: &Draft<'_>, email: &Email) -> Person {
    draft
        .live
        .member_by_email(email)
        .map_or_else(|| Person::address(email), Person::member)
}
