//! The live demo on a terminal: money by account, the last verdicts with their reasons, what was caught.

use model::Span;
use ratatui::Frame;
use ratatui::crossterm::event::{self, Event, KeyCode, KeyModifiers};
use ratatui::layout::{Constraint, Layout, Rect};
use ratatui::style::{Color, Modifier, Style};
use ratatui::text::{Line, Span as Words};
use ratatui::widgets::{Block, Borders, Cell, Paragraph, Row, Table};
use runtime::Pace;
use std::time::Duration;

use crate::args::Demo;
use crate::demo::feed::Entry;
use crate::demo::simulation::Simulation;
use crate::demo::stop::Stop;
use crate::failure::Failure;
use crate::print::no_color;
use crate::score::{ScoreReport, percent};
use crate::summary::{AccountSummary, amount, group};

/// How often the picture is drawn, and the made-up time moves on.
const FRAME: Duration = Duration::from_millis(100);

/// What the keys do.
const KEYS: &str = " q quit and sum up · space pause ";

/// Shows the demo until it is stopped.
pub(crate) fn show(simulation: &mut Simulation, args: &Demo) -> Result<(), Failure> {
    let stop = Stop::listen(args.stop_after)?;
    let mut terminal = ratatui::try_init().map_err(|e| Failure::output(&"the terminal", &e))?;
    let ended = frames(&mut terminal, simulation, args, &stop);
    ratatui::try_restore().map_err(|e| Failure::output(&"the terminal", &e))?;
    ended
}

fn frames(
    terminal: &mut ratatui::DefaultTerminal,
    simulation: &mut Simulation,
    args: &Demo,
    stop: &Stop,
) -> Result<(), Failure> {
    let lapse = u64::from(args.lapse) * 1000;
    let (mut pace, mut from) = (Pace::start(lapse), simulation.now());
    let mut running = Running::Yes;
    while !stop.is_due() {
        if running == Running::Yes {
            simulation.step(from.plus(Span::from_ms(i64::try_from(pace.event_ms()).unwrap_or(i64::MAX))))?;
        }
        let drawn = terminal.draw(|frame| draw(frame, simulation, args, running));
        drawn.map_err(|e| Failure::output(&"the terminal", &e))?;
        match key()? {
            Some(Key::Quit) => return Ok(()),
            Some(Key::Pause) => {
                running = if running == Running::Yes { Running::Paused } else { Running::Yes };
                (pace, from) = (Pace::start(lapse), simulation.now());
            }
            None => {}
        }
    }
    Ok(())
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Running {
    Yes,
    Paused,
}

enum Key {
    Quit,
    Pause,
}

/// Waits for a key until the next frame is due.
fn key() -> Result<Option<Key>, Failure> {
    let failed = |e: std::io::Error| Failure::output(&"the terminal", &e);
    if !event::poll(FRAME).map_err(failed)? {
        return Ok(None);
    }
    let Event::Key(key) = event::read().map_err(failed)? else { return Ok(None) };
    let control_c = key.code == KeyCode::Char('c') && key.modifiers.contains(KeyModifiers::CONTROL);
    Ok(if control_c || matches!(key.code, KeyCode::Char('q') | KeyCode::Esc) {
        Some(Key::Quit)
    } else if key.code == KeyCode::Char(' ') {
        Some(Key::Pause)
    } else {
        None
    })
}

/// Narrower than this, figures would be cut.
const WIDTH_MIN: u16 = 118;

fn draw(frame: &mut Frame<'_>, simulation: &Simulation, args: &Demo, running: Running) {
    if frame.area().width < WIDTH_MIN {
        let words = format!(
            "Please make the terminal at least {WIDTH_MIN} columns wide: it has {}.",
            frame.area().width
        );
        frame.render_widget(Paragraph::new(words), frame.area());
        return;
    }
    let report = simulation.score.report();
    let money = simulation.books.totals.len().min(6);
    let attacks = report.attacks.len();
    let height = |rows: usize| Constraint::Length(u16::try_from(rows + 3).unwrap_or(u16::MAX));
    let areas = Layout::vertical([
        Constraint::Length(1),
        height(money),
        Constraint::Min(6),
        height(attacks),
        Constraint::Length(1),
    ]);
    let [head, top, middle, bottom, foot] = areas.areas(frame.area());
    frame.render_widget(Paragraph::new(headline(simulation, args, running)), head);
    draw_money(frame, top, simulation);
    draw_verdicts(frame, middle, simulation);
    draw_score(frame, bottom, &report);
    frame.render_widget(Paragraph::new(KEYS).style(dim()), foot);
}

fn headline(simulation: &Simulation, args: &Demo, running: Running) -> Line<'static> {
    let pace = match running {
        Running::Yes => format!("{} times real time", group(&args.lapse.to_string())),
        Running::Paused => "paused".into(),
    };
    Line::from(vec![
        Words::styled(" tidegate demo ", Style::new().add_modifier(Modifier::BOLD | Modifier::REVERSED)),
        Words::raw(format!(
            "  day {} · {} · {pace} · {} events · engine {}/s",
            simulation.day(),
            simulation.now().grid_floor(Span::from_mins(1)),
            group(&simulation.events.to_string()),
            group(&simulation.rate().to_string()),
        )),
    ])
}

fn panel(title: String) -> Block<'static> {
    Block::new().borders(Borders::TOP).border_style(dim()).title(Words::styled(title, bold()))
}

fn bold() -> Style {
    Style::new().add_modifier(Modifier::BOLD)
}

fn dim() -> Style {
    Style::new().add_modifier(Modifier::DIM)
}

/// Colour says again what words say already.
fn tone(colour: Color) -> Style {
    if no_color() { Style::new() } else { Style::new().fg(colour) }
}

fn right(text: String, style: Style) -> Cell<'static> {
    Cell::new(Line::from(text).right_aligned()).style(style)
}

fn draw_money(frame: &mut Frame<'_>, area: Rect, simulation: &Simulation) {
    let columns = ["accrued", "pending", "held", "released", "reduced", "void", "owed back"];
    let head = ["market".to_owned(), String::new()].into_iter().map(Cell::new);
    let head = head.chain(columns.map(|c| right(c.to_owned(), dim())));
    let rows = simulation.books.totals.iter().map(|((program, market, currency), accounts)| {
        let a = AccountSummary::of(accounts);
        let shown = |minor: i64| amount(minor, currency.code());
        let cells = [
            right(shown(a.accrued), bold()),
            right(shown(a.pending), Style::new()),
            right(shown(a.held), tone(Color::Yellow)),
            right(shown(a.released), tone(Color::Green)),
            right(shown(a.reduced), Style::new()),
            right(shown(a.void), tone(Color::Red)),
            right(shown(a.owed_back), tone(Color::Red)),
        ];
        let names = [format!("{program} · {market}"), currency.code().to_owned()].map(Cell::new);
        Row::new(names.into_iter().chain(cells))
    });
    let widths =
        [Constraint::Length(14), Constraint::Length(4)].into_iter().chain([Constraint::Length(14); 7]);
    let table = Table::new(rows, widths).header(Row::new(head)).block(panel(" Money by account ".into()));
    frame.render_widget(table, area);
}

fn draw_verdicts(frame: &mut Frame<'_>, area: Rect, simulation: &Simulation) {
    let count = usize::from(area.height.saturating_sub(1));
    let rows = simulation.feed.newest(count).map(|entry| {
        let when = entry.at.to_string();
        let when = when.get(5..16).unwrap_or_default().replace('T', " ");
        Row::new([
            Cell::new(when).style(dim()),
            Cell::new(entry.what).style(style_of(entry).add_modifier(Modifier::BOLD)),
            Cell::new(entry.about.clone()),
            Cell::new(entry.whose.clone()),
            right(entry.money.clone(), Style::new()),
            Cell::new(format!(" {}", entry.why)),
        ])
    });
    let widths = [
        Constraint::Length(11),
        Constraint::Length(9),
        Constraint::Length(24),
        Constraint::Length(32),
        Constraint::Length(14),
        Constraint::Min(20),
    ];
    let quiet = group(&simulation.feed.quiet_releases.to_string());
    let title = format!(" Verdicts worth a look ({quiet} more were released on their date, undoubted) ");
    frame.render_widget(Table::new(rows, widths).block(panel(title)), area);
}

fn style_of(entry: &Entry) -> Style {
    match entry.what {
        "HOLD" | "RECALL" => tone(Color::Yellow),
        "RELEASE" => tone(Color::Green),
        "VOID" | "CLAW BACK" => tone(Color::Red),
        _ => tone(Color::Cyan),
    }
}

fn draw_score(frame: &mut Frame<'_>, area: Rect, report: &ScoreReport) {
    let head = ["planted attack", "rule is", "orders", "rule saw", "share", "others"];
    let head = head
        .into_iter()
        .enumerate()
        .map(|(i, h)| if i < 2 { Cell::new(h).style(dim()) } else { right(h.to_owned(), dim()) });
    let rows = report.attacks.iter().map(|attack| {
        let beside = if attack.pointed_beside && attack.planted == 0 {
            "clicks".into()
        } else {
            attack.caught.to_string()
        };
        Row::new([
            Cell::new(attack.rule.clone()),
            Cell::new(attack.mode.clone()),
            right(attack.planted.to_string(), Style::new()),
            right(beside, Style::new()),
            right(percent((attack.caught * 1_000_000).checked_div(attack.planted)), bold()),
            right(attack.false_alarms.to_string(), Style::new()),
        ])
    });
    let title = format!(
        " Planted and caught · precision of holds {} · recall of holds and flags {} · honest money ever held {} ",
        percent(report.precision_ppm),
        percent(report.recall_ppm),
        percent(Some(report.benign_held_ppm)),
    );
    let widths = [
        Constraint::Length(24),
        Constraint::Length(12),
        Constraint::Length(9),
        Constraint::Length(9),
        Constraint::Length(9),
        Constraint::Length(13),
    ];
    let table = Table::new(rows, widths).header(Row::new(head)).block(panel(title));
    frame.render_widget(table, area);
}
