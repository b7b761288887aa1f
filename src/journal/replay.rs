//! Lines to records, and records to what is still open.

use std::collections::BTreeMap;

use super::{IntentRecord, PlanRecord, Record};

/// Records read from a journal.
#[derive(Debug, Clone, PartialEq)]
pub struct Decoded {
    /// Every whole record.
    pub records: Vec<Record>,
    /// Bytes of the whole records; what follows is the torn end of a write that a crash cut short.
    pub whole_bytes: usize,
}

/// Why a text is no journal. It is left alone, and the run that finds it refuses to go on.
#[derive(Debug, thiserror::Error)]
pub enum JournalFault {
    /// A line in the middle cannot be read.
    #[error("line {line} of the journal is damaged")]
    Corrupt {
        /// The line, from 1.
        line: usize,
        /// Why.
        source: serde_json::Error,
    },
    /// The first record is not the plan, or the plan comes twice.
    #[error("line {line} of the journal is out of place: the plan comes first, and once")]
    OutOfPlace {
        /// The line, from 1.
        line: usize,
    },
    /// Written by a newer version.
    #[error("the journal has format version {0}, and this program reads up to {max}", max = PlanRecord::FORMAT_VERSION)]
    Version(u32),
    /// An outcome of an intent that was never written.
    #[error("line {line} of the journal settles the intent {seq}, which is not in it")]
    NoSuchIntent {
        /// The line, from 1.
        line: usize,
        /// The intent.
        seq: u64,
    },
}

/// What a journal proves.
#[derive(Debug, Clone, PartialEq)]
pub struct Replay {
    /// The plan; `None` for a run that was cut before it wrote one, and so sent nothing.
    pub plan: Option<PlanRecord>,
    /// Intents without an outcome: their requests may have been sent.
    pub open: Vec<OpenIntent>,
    /// Intents with an outcome.
    pub settled: usize,
    /// Whether the journal was closed.
    pub closed: bool,
}

/// An intent whose fate is not on record.
pub type OpenIntent = IntentRecord;

/// One record as a line.
#[expect(
    clippy::missing_panics_doc,
    reason = "a record's keys are texts and its numbers finite"
)]
pub fn encode(record: &Record) -> String {
    let mut line = serde_json::to_string(record).expect("a record is JSON");
    line.push('\n');
    line
}

/// Reads a journal's bytes.
///
/// The end of the file may be torn: a last line without a newline that is no record, or zero bytes that a file
/// system left where data was to come. Damage anywhere else is a fault.
pub fn decode(bytes: &[u8]) -> Result<Decoded, JournalFault> {
    let (mut records, mut whole_bytes) = (Vec::new(), 0);
    let end = bytes
        .iter()
        .rposition(|byte| *byte != 0)
        .map_or(0, |last| last + 1);
    for (at, line) in bytes[..end]
        .split_inclusive(|byte| *byte == b'\n')
        .enumerate()
    {
        let is_torn = !line.ends_with(b"\n");
        match serde_json::from_slice::<Record>(line) {
            // A record without its newline is whole, but nothing may be appended to it.
            Ok(record) if !is_torn => records.push(record),
            Ok(_) | Err(_) if is_torn => break,
            Ok(_) => {}
            Err(source) => {
                return Err(JournalFault::Corrupt {
                    line: at + 1,
                    source,
                });
            }
        }
        whole_bytes += line.len();
    }
    Ok(Decoded {
        records,
        whole_bytes,
    })
}

/// Finds what is open.
pub fn replay(records: &[Record]) -> Result<Replay, JournalFault> {
    let mut plan = None;
    let mut open: BTreeMap<u64, OpenIntent> = BTreeMap::new();
    let (mut settled, mut closed) = (0, false);
    for (at, record) in records.iter().enumerate() {
        let line = at + 1;
        match record {
            Record::Plan(record) if at == 0 => {
                if record.format_version > PlanRecord::FORMAT_VERSION {
                    return Err(JournalFault::Version(record.format_version));
                }
                plan = Some(record.clone());
            }
            _ if at == 0 => return Err(JournalFault::OutOfPlace { line }),
            Record::Plan(_) => return Err(JournalFault::OutOfPlace { line }),
            Record::Intent(intent) => _ = open.insert(intent.seq, intent.clone()),
            Record::Void { seq, at: _, why: _ } => {
                open.remove(seq)
                    .ok_or(JournalFault::NoSuchIntent { line, seq: *seq })?;
            }
            Record::Outcome {
                seq,
                at: _,
                outcome: _,
            } => {
                open.remove(seq)
                    .ok_or(JournalFault::NoSuchIntent { line, seq: *seq })?;
                settled += 1;
            }
            Record::Closed { at: _, by: _ } => closed = true,
        }
    }
    Ok(Replay {
        plan,
        open: open.into_values().collect(),
        settled,
        closed,
    })
}

#[cfg(test)]
mod tests {
    use jiff::Timestamp;

    use super::*;
    use crate::journal::Closing;
    use crate::outcome::Outcome;
    use crate::plan::Change;
    use crate::plan::testing::member;

    fn at(second: i64) -> Timestamp {
        Timestamp::from_second(second).unwrap()
    }

    fn plan() -> Record {
        Record::Plan(PlanRecord {
            format_version: 1,
            rosterctl: "0.1.0".to_owned(),
            at: at(0),
            plan_id: "00".to_owned(),
            organization: "org-test".to_owned(),
            actions: Vec::new(),
            approved: 0,
            accepted: Vec::new(),
            key_owner: None,
            reference: Some("commit 1a2b".to_owned()),
        })
    }

    fn intent(seq: u64) -> Record {
        let change = Change::Remove {
            member: member(&format!("user-{seq}"), &format!("p{seq}@acme.dev")),
        };
        Record::Intent(IntentRecord {
            seq,
            at: at(10),
            change,
        })
    }

    fn outcome(seq: u64, second: i64) -> Record {
        Record::Outcome {
            seq,
            at: at(second),
            outcome: Outcome::Done {
                request_id: Some("req_1".to_owned()),
            },
        }
    }

    fn text(records: &[Record]) -> String {
        records.iter().map(encode).collect()
    }

    #[test]
    fn records_survive_the_file() {
        let failed = Outcome::Failed {
            cause: "404".to_owned(),
        };
        let records = [
            plan(),
            intent(1),
            outcome(1, 11),
            intent(2),
            Record::Outcome {
                seq: 2,
                at: at(12),
                outcome: failed,
            },
            intent(3),
            Record::Void {
                seq: 3,
                at: at(13),
                why: "429".to_owned(),
            },
            Record::Closed {
                at: at(14),
                by: Closing::Apply,
            },
        ];
        let text = text(&records);
        assert_eq!(text.lines().count(), records.len());
        let decoded = decode(text.as_bytes()).unwrap();
        assert_eq!(
            (decoded.records.as_slice(), decoded.whole_bytes),
            (records.as_slice(), text.len())
        );
        let replay = replay(&decoded.records).unwrap();
        assert_eq!(
            (replay.open.len(), replay.settled, replay.closed),
            (0, 2, true)
        );
    }

    #[test]
    fn a_torn_end_is_accepted_and_damage_elsewhere_is_not() {
        let whole = text(&[plan(), intent(1)]);
        for tail in [
            "{\"record\":\"outc",
            "\0\0\0\0",
            "",
            "{\"record\":\"closed\",\"at\":\"1970-01-01T00:00:00Z\",\"by\":\"apply\"}",
        ] {
            let decoded = decode(format!("{whole}{tail}").as_bytes()).unwrap();
            assert_eq!(
                (decoded.records.len(), decoded.whole_bytes),
                (2, whole.len()),
                "{tail:?}"
            );
        }
        let damaged = format!("{}garbage\n{}", text(&[plan()]), text(&[intent(1)]));
        assert!(matches!(
            decode(damaged.as_bytes()),
            Err(JournalFault::Corrupt { line: 2, .. })
        ));
        let zeros = format!("{}\0\0\n{}", text(&[plan()]), text(&[intent(1)]));
        assert!(matches!(
            decode(zeros.as_bytes()),
            Err(JournalFault::Corrupt { line: 2, .. })
        ));
    }

    #[test]
    fn every_prefix_of_a_journal_says_what_is_open() {
        let records = [
            plan(),
            intent(1),
            intent(2),
            outcome(1, 11),
            outcome(2, 11),
            intent(3),
        ];
        let open: Vec<usize> = (0..=records.len())
            .map(|len| replay(&records[..len]).unwrap().open.len())
            .collect();
        assert_eq!(open, [0, 0, 1, 2, 1, 0, 1]);
    }

    #[test]
    fn what_cannot_be_a_journal_is_a_fault() {
        for (records, fault) in [
            (
                vec![intent(1)],
                "line 1 of the journal is out of place: the plan comes first, and once",
            ),
            (
                vec![plan(), plan()],
                "line 2 of the journal is out of place: the plan comes first, and once",
            ),
            (
                vec![plan(), outcome(1, 1)],
                "line 2 of the journal settles the intent 1, which is not in it",
            ),
        ] {
            assert_eq!(replay(&records).unwrap_err().to_string(), fault);
        }
    }
}
