//! Verdicts and dead letters out, and back.

use bytes::Bytes;
use connector::wire::{read_dead_letter, read_verdict, write_dead_letter, write_verdict};
use model::event::{Beneficiary, Component};
use model::hit::EvidenceValue;
use model::refusal::{Code, DeadLetter, Refusal};
use model::verdict::{
    Account, CommissionId, Decision, HoldId, HoldView, Posting, Reason, Subject, VerdictId,
};
use model::*;
use proptest::prelude::*;

fn verdict() -> Verdict {
    let creator = Beneficiary::Creator(CreatorId::new("mia").unwrap());
    let commission = CommissionId::named("main", "o1", &creator, Component::Cps);
    let rule = RuleId::new("many_buyers_one_device").unwrap();
    let evidence = [
        ("buyers", EvidenceValue::Int(7)),
        ("share", EvidenceValue::Ratio { numerator: 3, denominator: 4 }),
        ("device", EvidenceValue::Id("d-1".into())),
    ];
    Verdict {
        verdict_id: VerdictId::of_subject(&Subject::Commission(commission), 1),
        commission_id: Some(commission),
        subject: None,
        sequence: 1,
        position: Position(17),
        occurred_at: EventTime::from_ms(1_700_000_000_000).unwrap(),
        decision: Decision::Accrue,
        postings: vec![Posting { from: Account::Accrued, to: Account::Held, amount: Minor(125) }],
        currency: Currency::new("USD"),
        balance: [(Account::Accrued, Minor(125)), (Account::Held, Minor(125))].into(),
        beneficiary: Some(creator.to_string().into()),
        component: Some("cps".into()),
        order_id: Some(OrderId::new("o1").unwrap()),
        shop_id: Some(ShopId::new("shop").unwrap()),
        market: Market::new("ID").unwrap(),
        program_id: ProgramId::new("main").unwrap(),
        due: EventTime::from_ms(1_701_209_600_000),
        holds: vec![
            HoldView { hold_id: HoldId::of_scope("commission:x", &rule), rule: rule.clone(), until: None },
            HoldView {
                hold_id: HoldId::of_scope("commission:y", &rule),
                rule: rule.clone(),
                until: EventTime::from_ms(1_700_600_000_000),
            },
        ],
        reasons: vec![Reason {
            rule,
            public_code: "unusual_activity".into(),
            evidence: evidence.map(|(name, value)| (name.into(), value)).into(),
        }],
        actors: vec!["ana".into()],
        reattributed_from: Some(CreatorId::new("leo").unwrap()),
        ruleset: "abc".into(),
        semantics: 1,
    }
}

/// A flag about a click: the fewest fields that there are.
fn flag() -> Verdict {
    let subject = Subject::Click(ProgramId::new("main").unwrap(), ClickId::new("c1").unwrap());
    Verdict {
        verdict_id: VerdictId::of_subject(&subject, 1),
        commission_id: None,
        subject: Some(subject.to_string().into()),
        decision: Decision::Flag,
        postings: Vec::new(),
        currency: None,
        balance: Default::default(),
        beneficiary: None,
        component: None,
        order_id: None,
        shop_id: None,
        due: None,
        holds: Vec::new(),
        reasons: Vec::new(),
        actors: Vec::new(),
        reattributed_from: None,
        ..verdict()
    }
}

#[test]
fn the_bytes_of_a_verdict_stay_the_same() {
    let mut lines = Vec::new();
    write_verdict(&verdict(), &mut lines);
    write_verdict(&flag(), &mut lines);
    insta::assert_snapshot!(String::from_utf8(lines).unwrap());
}

#[test]
fn a_verdict_is_read_back_as_it_was_written() {
    for verdict in [verdict(), flag()] {
        let mut line = Vec::new();
        write_verdict(&verdict, &mut line);
        assert_eq!(read_verdict(&line), Ok(verdict));
    }
    let refusal = read_verdict(b"{\"verdict_id\":\"x\"}").unwrap_err();
    assert_eq!((refusal.code, refusal.pointer.as_str()), (Code::FieldValue, "/verdict_id"));
}

#[test]
fn a_dead_letter_keeps_bytes_that_are_no_text() {
    let letter = |raw: &'static [u8]| DeadLetter {
        position: Position(3),
        refused_at: Position(5),
        refusal: Refusal::new(Code::JsonUtf8, "", "byte 0 is not UTF-8"),
        raw: Bytes::from_static(raw),
    };
    let mut lines = Vec::new();
    write_dead_letter(&letter(b"\xff\x00"), &mut lines);
    write_dead_letter(&letter("é \"x\"\n".as_bytes()), &mut lines);
    insta::assert_snapshot!(String::from_utf8(lines).unwrap(), @r#"
    {"position":3,"refused_at":5,"code":"json.utf8","pointer":"","detail":"byte 0 is not UTF-8","raw_base64":"/wA="}
    {"position":3,"refused_at":5,"code":"json.utf8","pointer":"","detail":"byte 0 is not UTF-8","raw":"é \"x\"\n"}
    "#);
}

proptest! {
    #[test]
    fn a_dead_letter_is_read_back_as_it_was_written(
        raw in proptest::collection::vec(any::<u8>(), 0..40),
        text in any::<bool>(),
        detail in ".*",
        code in 0..Code::ALL.len(),
    ) {
        let raw = if text { String::from_utf8_lossy(&raw).into_owned().into_bytes() } else { raw };
        let refusal = Refusal::new(Code::ALL[code], "/a~1b/0", detail);
        let letter = DeadLetter { position: Position(1), refused_at: Position(2), refusal, raw: raw.into() };
        let mut line = Vec::new();
        write_dead_letter(&letter, &mut line);
        prop_assert_eq!(line.iter().filter(|byte| **byte == b'\n').count(), 1);
        prop_assert_eq!(read_dead_letter(&line), Ok(letter));
    }
}
