//! Reads a whole file of cases, or tells everything that is wrong with it.

use super::line::{Word, words};
use super::timeline::{Givens, Timeline, kind, pair};
use super::{Case, CaseFile, Problem};

/// Reads the cases of a file.
///
/// # Errors
///
/// Every line that cannot be read, in the order of the file.
pub fn parse(text: &str) -> Result<CaseFile, Vec<Problem>> {
    let mut reader = Reader::default();
    for (index, line) in text.lines().enumerate() {
        reader.line(line, index);
    }
    reader.end_case();
    if reader.file.cases.is_empty() && reader.problems.is_empty() {
        let help = Some("a case begins with `== what it shows`".to_owned());
        let message = "there is no case in this file".to_owned();
        reader.problems.push(Problem { line: 1, column: 1, message, help });
    }
    reader.problems.sort_by_key(|problem| (problem.line, problem.column));
    if reader.problems.is_empty() { Ok(reader.file) } else { Err(reader.problems) }
}

#[derive(Default)]
struct Reader {
    file: CaseFile,
    /// What is given for all cases.
    givens: Givens,
    open: Option<Open>,
    problems: Vec<Problem>,
}

/// A case that is being read.
struct Open {
    title: String,
    line: usize,
    timeline: Timeline,
    expected: Vec<String>,
    /// The line after `---`, from 0, once it was seen; and the line after the last expected one.
    expected_at: Option<(usize, usize)>,
}

impl Reader {
    fn line(&mut self, line: &str, index: usize) {
        let number = index + 1;
        let trimmed = line.trim();
        if let Some(title) = trimmed.strip_prefix("==") {
            return self.begin_case(title.trim(), number);
        }
        if trimmed == "---" {
            return self.begin_expected(number);
        }
        if let Some(Open { expected, expected_at: Some((_, end)), .. }) = &mut self.open {
            if !trimmed.is_empty() && !trimmed.starts_with('#') {
                expected.push(trimmed.to_owned());
                *end = number;
            }
            return;
        }
        let read = words(line, number).and_then(|words| self.told(&words));
        self.problems.extend(read.err());
    }

    fn begin_case(&mut self, title: &str, number: usize) {
        self.end_case();
        if title.is_empty() {
            self.complain(number, "the case has no title", "write `== what it shows`");
        }
        let timeline = Timeline::new(self.givens.clone());
        let title = title.to_owned();
        self.open = Some(Open { title, line: number, timeline, expected: Vec::new(), expected_at: None });
    }

    fn begin_expected(&mut self, number: usize) {
        match &mut self.open {
            Some(Open { expected_at: expected_at @ None, .. }) => *expected_at = Some((number, number)),
            Some(_) => self.complain(number, "the case has a second `---`", "begin another case with `==`"),
            None => self.complain(number, "`---` stands before the first case", "begin a case with `==`"),
        }
    }

    fn end_case(&mut self) {
        let Some(open) = self.open.take() else { return };
        let Some((start, end)) = open.expected_at else {
            return self.complain(open.line, "the case expects nothing", "end the timeline with `---`");
        };
        self.file.cases.push(Case {
            title: open.title,
            line: open.line,
            steps: open.timeline.finish(),
            expected: open.expected,
            expected_at: start..end,
        });
    }

    fn complain(&mut self, line: usize, message: &str, help: &str) {
        let (message, help) = (message.to_owned(), Some(help.to_owned()));
        self.problems.push(Problem { line, column: 1, message, help });
    }

    /// A line before the `---`: `setup`, `given`, or something that happens.
    fn told(&mut self, words: &[Word]) -> Result<(), Problem> {
        let Some((first, rest)) = words.split_first() else { return Ok(()) };
        match (first.text.as_str(), &mut self.open) {
            ("setup", None) => self.setup(rest),
            ("setup", Some(_)) => {
                Err(first
                    .problem_with_help("`setup` is for the whole file", "write it before the first case"))
            }
            ("given", open) => {
                let givens = open.as_mut().map_or(&mut self.givens, |open| &mut open.timeline.givens);
                given(first, rest, givens)
            }
            (_, Some(open)) => open.timeline.read(words),
            (_, None) => {
                Err(first
                    .problem_with_help("this stands before the first case", "begin a case with `== title`"))
            }
        }
    }

    fn setup(&mut self, words: &[Word]) -> Result<(), Problem> {
        for word in words {
            let help = "known is `threshold=60`";
            let unknown = || word.problem_with_help(format!("`{}` is no setup", word.text), help);
            let (key, value) = pair(word)?.ok_or_else(unknown)?;
            let threshold = value.text.parse::<i64>().ok().filter(|_| key.text == "threshold");
            self.file.setup.score_threshold = Some(threshold.ok_or_else(unknown)?);
        }
        Ok(())
    }
}

/// `given order buyer=anna`: holds for the lines of that kind that follow.
fn given(first: &Word, rest: &[Word], givens: &mut Givens) -> Result<(), Problem> {
    let help = "write `given order buyer=anna`";
    let Some((what, rest)) = rest.split_first() else {
        return Err(first.problem_with_help("given for which kind?", help));
    };
    let pairs = givens.entry(kind(what)?).or_default();
    for word in rest {
        let unknown = || word.problem_with_help(format!("`{}` is not `key=value`", word.text), help);
        let (key, value) = pair(word)?.ok_or_else(unknown)?;
        pairs.insert(key.text.clone(), (key, value));
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::cases::{Step, epoch};
    use model::event::{Beneficiary, Body, Component, RefundState, ReviewSubject};
    use model::verdict::CommissionId;
    use model::{CreatorId, Event, Minor, Span};
    use proptest::prelude::*;

    fn events(text: &str) -> Vec<Event> {
        let file = parse(text).unwrap_or_else(|problems| panic!("{problems:?}"));
        let events = file.cases.into_iter().flat_map(|case| case.steps).filter_map(|step| match step {
            Step::Event(event) => Some(*event),
            Step::Tick(_) => None,
        });
        events.collect()
    }

    fn problems(text: &str) -> Vec<String> {
        parse(text).unwrap_err().iter().map(ToString::to_string).collect()
    }

    #[test]
    fn what_is_not_said_is_missing_but_for_one_line_and_one_plan() {
        let told = events("== a\n0s order o1\n---\n");
        let [plan, order] = told.as_slice() else { panic!("{told:?}") };
        assert!(matches!(&plan.body, Body::Plan(plan) if plan.rate_bp.get() == 1_000));
        let Body::Order(order) = &order.body else { panic!("{order:?}") };
        assert_eq!((order.lines[0].paid, order.lines[0].product_id.as_str()), (Minor(10_000), "p1"));
        assert!(order.buyer_id.is_none() && order.ip.is_none() && order.lines[0].declared.is_none());
    }

    #[test]
    fn a_repetition_counts_from_one() {
        let told =
            events("== a\n10s 3x every 1m click k{n+4} creator=c{n%2}\n+5s click last creator=c\n---\n");
        let clicks: Vec<(String, String, i64)> = told
            .iter()
            .filter_map(|event| {
                let Body::Click(click) = &event.body else { return None };
                let at_s = event.occurred_at.seconds_since(epoch());
                Some((click.click_id.to_string(), click.creator_id.to_string(), at_s))
            })
            .collect();
        let expected = [("k5", "c1", 10), ("k6", "c0", 70), ("k7", "c1", 130), ("last", "c", 135)];
        assert_eq!(clicks, expected.map(|(k, c, at)| (k.to_owned(), c.to_owned(), at)));
    }

    #[test]
    fn what_is_given_may_be_taken_back() {
        let text = "given order ip=192.0.2.7 buyer=a\n== a\ngiven order buyer=b\n0s order o1\n0s order o2 ip=\n---\n\
                    == b\n0s order o3\n---\n";
        let told: Vec<_> = events(text)
            .into_iter()
            .filter_map(|event| {
                let Body::Order(order) = event.body else { return None };
                Some((order.buyer_id.unwrap().to_string(), order.ip.is_some()))
            })
            .collect();
        assert_eq!(told, [("b".to_owned(), true), ("b".to_owned(), false), ("a".to_owned(), true)]);
    }

    #[test]
    fn a_refund_is_of_all_that_was_paid() {
        let told = events("== a\n0s order o1 paid=1500 currency=JPY\n1d refund r1 order=o1\n---\n");
        let Body::Refund(refund) = &told[2].body else { panic!() };
        assert_eq!((refund.amount, refund.state), (Minor(1_500), RefundState::Completed));
        assert_eq!(told[2].occurred_at, epoch().plus(Span::from_days(1)));
    }

    #[test]
    fn every_line_that_cannot_be_read_is_told_with_its_column() {
        let text = "setup treshold=1\n0s order o1\n== a\n0s ordr o1\n0s order o1 byer=a\nsoon tick\n0s order o1 paid=1.234\n\
                    0s 3x every order o1\n0s click k1\n0s order o{m}\n---\n---\n== b\n0s order_status o1 gone\n";
        let expected = [
            "1:7: `treshold=1` is no setup\n  help: known is `threshold=60`",
            "2:1: this stands before the first case\n  help: begin a case with `== title`",
            "4:4: there is no kind `ordr`\n  help: kinds are plan, creator, click, order, order_status, refund, \
             payout_run, review, obligation, feed_mark, and tick",
            "5:13: there is no `byer` here\n  help: did you mean `buyer`?",
            "6:1: `soon` is not a time\n  help: begin with a time from the beginning of the case (90s, 1h30m), or \
             from the line before (+30s)",
            "7:18: `paid` must be an amount in USD, and this is `1.234`",
            "8:7: this is no repetition\n  help: write `5x every 30s`",
            "9:10: `creator` is missing\n  help: add `creator=…`",
            "10:10: `o{m}` is not a number of a repetition\n  help: write {n}, {n+1}, {n-1}, {n*2} or {n%2}",
            "12:1: the case has a second `---`\n  help: begin another case with `==`",
            "13:1: the case expects nothing\n  help: end the timeline with `---`",
            "14:20: `gone` is not a status\n  help: write one of unpaid, paid, shipped, delivered, completed, \
             cancelled, failed, refused, returned, lost after the order",
        ];
        assert_eq!(problems(text), expected);
    }

    #[test]
    fn a_review_names_a_commission_as_a_verdict_does() {
        let told = events("== a\n0s order o1\n1d review v1 of=o1/maria decision=release\n---\n");
        let Body::Review(review) = &told[2].body else { panic!() };
        let maria = Beneficiary::Creator(CreatorId::new("maria").unwrap());
        let commission = CommissionId::named("main", "o1", &maria, Component::Cps);
        assert_eq!(review.subject, ReviewSubject::Commission(commission));
    }

    proptest! {
        #[test]
        fn no_text_makes_the_reader_panic(text in "(== a\n|---\n|0s |\\+1m |order |refund |click |o1 |k=|ip=1|3x |every |\\{n|\"|#|[ -~]|\n){0,60}") {
            let _ = parse(&text);
        }
    }
}
