//! Tokens and dead letters: what operators change beside the log.

use connector::store::{Operator, Store, TOKEN_PREFIX};
use model::{EventTime, Position, Span};
use runtime::books::{DeadLetterFilter, DeadLetterState, PageOf};
use runtime::letters::{Attempt, Clerk as _, Closing, End, Hand, REPLAY_ATTEMPTS_MAX};

use super::lane::Lane;
use super::{by_hand, now, open};

fn page() -> PageOf {
    PageOf { after: None, rows: 100 }
}

#[test]
fn a_token_is_good_until_it_is_revoked_and_never_stored() {
    let folder = tempfile::tempdir().unwrap();
    let _writer = open(folder.path());
    let mut operator = Operator::open(folder.path()).unwrap();
    let scopes = ["order".to_owned(), "click".to_owned()];
    let made = operator.create_token("shop feed", &scopes, now(), None).unwrap();
    let other = operator.create_token("ana", &["review".to_owned()], now(), None).unwrap();
    assert!(made.token.starts_with(TOKEN_PREFIX) && made.token.len() > 80 && made.token != other.token);
    assert!(!format!("{made:?}").contains(&made.token), "nothing prints it by accident");
    let reader = Store::read(folder.path()).unwrap();
    let bearer = reader.bearer(&made.token).unwrap().unwrap();
    assert_eq!((bearer.identity.as_str(), bearer.scopes.as_slice()), ("shop feed", scopes.as_slice()));
    let mut wrong = made.token.clone();
    let last = if wrong.pop() == Some('0') { '1' } else { '0' };
    wrong.push(last);
    let mixed = format!("{TOKEN_PREFIX}{}_{}", made.token_id, other.token.rsplit('_').next().unwrap());
    for not_one in [wrong.as_str(), &mixed, &made.token_id, "", "tg_", "tg_x_y", "' OR 1 = 1"] {
        assert_eq!(reader.bearer(not_one).unwrap(), None, "{not_one}");
    }
    let later = now().plus(Span::from_mins(1));
    assert!(!bearer.has_expired(later), "none was asked for");
    let brief = operator.create_token("ben", &[], now(), Some(later)).unwrap();
    let bearer = reader.bearer(&brief.token).unwrap().unwrap();
    assert_eq!((bearer.has_expired(now()), bearer.has_expired(later)), (false, true));
    assert!(operator.revoke_token(&made.token_id, later).unwrap());
    assert!(!operator.revoke_token(&made.token_id, later).unwrap(), "once is for good");
    assert_eq!(reader.bearer(&made.token).unwrap(), None);
    assert!(reader.bearer(&other.token).unwrap().is_some());
    let listed = reader.tokens().unwrap();
    let revoked: Vec<Option<i64>> = listed.iter().map(|token| token.revoked_at).collect();
    assert!(revoked.contains(&Some(later.as_ms())) && revoked.contains(&None));
    let secret = made.token.rsplit('_').next().unwrap().to_owned();
    for file in ["tidegate.sqlite", "tidegate.sqlite-wal"] {
        let bytes = std::fs::read(folder.path().join(file)).unwrap();
        assert!(!bytes.windows(secret.len()).any(|window| window == secret.as_bytes()), "{file}");
    }
}

#[test]
fn a_dead_letter_is_replayed_so_often_and_no_more() {
    let folder = tempfile::tempdir().unwrap();
    let lane = Lane::of(9, 2_000, 500);
    let mut store = open(folder.path());
    lane.commit(&mut store);
    let reader = Store::read(folder.path()).unwrap();
    let all = reader.dead_letters(&DeadLetterFilter::default(), &page()).unwrap().rows;
    let written: Vec<_> = lane.decided.iter().flat_map(|decided| &decided.dead_letters).collect();
    assert!(written.len() >= 4 && all.len() == written.len());
    assert_eq!(all[0].raw.as_deref().map(str::as_bytes), Some(written[0].raw.as_ref()));
    assert_eq!(
        (all[0].position, all[0].code.as_str()),
        (written[0].position.0, written[0].refusal.code.name())
    );
    let mut operator = Operator::open(folder.path()).unwrap();
    for attempts in 1..=REPLAY_ATTEMPTS_MAX {
        let raw = written[0].raw.to_vec();
        assert_eq!(operator.attempt(1).unwrap(), Attempt::Replay { attempts, raw });
    }
    assert_eq!(operator.attempt(1).unwrap(), Attempt::TooOften);
    assert_eq!(operator.attempt(1).unwrap(), Attempt::Ended(DeadLetterState::GivenUp));
    assert_eq!(operator.attempt(999).unwrap(), Attempt::Unknown);
    operator.attempt(2).unwrap();
    let hand = Hand { by: "ana", at: now() };
    operator.end(2, End::Replayed(Position(7_000)), &hand).unwrap();
    let in_state = |state| {
        let filter = DeadLetterFilter { state: Some(state), ..DeadLetterFilter::default() };
        let found = reader.dead_letters(&filter, &page()).unwrap().rows;
        found.into_iter().map(|letter| (letter.number, letter.attempts)).collect::<Vec<_>>()
    };
    assert_eq!(in_state(DeadLetterState::GivenUp), [(1, REPLAY_ATTEMPTS_MAX)]);
    assert_eq!(in_state(DeadLetterState::Replayed), [(2, 1)]);
    let close = |operator: &mut Operator, number| operator.close(number, " a test order ", &hand).unwrap();
    assert_eq!(close(&mut operator, 1), Closing::Closed, "one that was given up, too");
    assert_eq!(close(&mut operator, 1), Closing::Ended(DeadLetterState::Closed));
    assert_eq!(close(&mut operator, 2), Closing::Ended(DeadLetterState::Replayed));
    assert_eq!(close(&mut operator, 999), Closing::Unknown);
    let closed = reader.dead_letter(1).unwrap().unwrap();
    assert_eq!((closed.note.as_deref(), closed.ended_by.as_deref()), (Some("a test order"), Some("ana")));
    assert_eq!(closed.ended_at, Some(hand.at.as_ms()));
    for note in ["", "  ", "a\u{1b}[31m", &"x".repeat(1_025)] {
        assert!(operator.close(3, note, &hand).is_err(), "{note:?} is no note");
    }
    let shown = |all| reader.dead_letters(&DeadLetterFilter { all, ..DeadLetterFilter::default() }, &page());
    assert_eq!(shown(true).unwrap().rows.len(), all.len());
    assert_eq!(shown(false).unwrap().rows.len(), all.len() - 1, "a closed one leaves the list");
    let status = reader.status().unwrap();
    assert_eq!((status.dead_letters, status.dead_letters_open), (all.len() as u64, all.len() as u64 - 2));
    let replayed = reader.dead_letter(2).unwrap().unwrap();
    assert_eq!((replayed.state, replayed.became_position), (DeadLetterState::Replayed, Some(7_000)));
}

#[test]
fn nobody_is_no_identity() {
    let folder = tempfile::tempdir().unwrap();
    drop(open(folder.path()));
    let mut operator = Operator::open(folder.path()).unwrap();
    for identity in [String::new(), "x".repeat(129), "a\u{1b}[31m".to_owned()] {
        let refused = operator.create_token(&identity, &[], now(), None).unwrap_err();
        assert!(refused.to_string().contains("1 to 128 bytes"), "{refused}");
    }
}

#[test]
fn operators_and_the_writer_wait_for_each_other() {
    let folder = tempfile::tempdir().unwrap();
    let lane = Lane::of(9, 1_000, 50);
    let mut store = open(folder.path());
    std::thread::scope(|threads| {
        threads.spawn(|| {
            let mut operator = Operator::open(folder.path()).unwrap();
            for _ in 0..50 {
                operator.create_token("ana", &[], now(), None).unwrap();
            }
        });
        lane.commit(&mut store);
    });
    assert_eq!(Store::read(folder.path()).unwrap().tokens().unwrap().len(), 50);
}

#[test]
fn a_user_reads_the_store_with_their_own_tools() {
    let folder = tempfile::tempdir().unwrap();
    let lane = Lane::of(10, 2_000, 500);
    let mut store = open(folder.path());
    lane.commit(&mut store);
    let held: i64 = lane.verdicts().filter(|verdict| verdict.decision.name() == "hold").count() as i64;
    let count =
        "SELECT count(*) FROM verdicts WHERE decision = 'hold' AND json_extract(body, '$.semantics') = 1";
    let found: i64 = by_hand(folder.path()).query_row(count, [], |row| row.get(0)).unwrap();
    assert!(held > 0);
    assert_eq!(found, held);
    let clock: i64 =
        by_hand(folder.path()).query_row("SELECT clock_at FROM progress", [], |row| row.get(0)).unwrap();
    assert_eq!(EventTime::from_ms(clock), lane.decided.last().unwrap().clock);
}
