//! Turns what a terminal shows (`tmux capture-pane -ep`, on standard input) into an SVG on standard output: the
//! README's picture of the demo. `make picture` runs it on a real run.

use std::fmt::Write as _;
use std::io::{self, Read, Write as _};

/// Size of a letter's cell, and of the margin, in the SVG's units.
const CELL_WIDTH: f64 = 7.25;
const CELL_HEIGHT: usize = 16;
const MARGIN: usize = 12;

const PAPER: &str = "#0d1117";
const INK: &str = "#e6edf3";

/// How letters look.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
struct Look {
    ink: &'static str,
    weight: Weight,
    ground: Ground,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Weight {
    Plain,
    Bold,
    Dim,
    /// A dim border under a bold title keeps both.
    BoldAndDim,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Ground {
    Paper,
    Reversed,
}

const PLAIN: Look = Look { ink: INK, weight: Weight::Plain, ground: Ground::Paper };

impl Look {
    /// What follows an escape sequence with these numbers.
    fn after(self, code: &str) -> Look {
        match code {
            "1" if self.weight == Weight::Dim => Look { weight: Weight::BoldAndDim, ..self },
            "1" => Look { weight: Weight::Bold, ..self },
            "2" if self.weight == Weight::Bold => Look { weight: Weight::BoldAndDim, ..self },
            "2" => Look { weight: Weight::Dim, ..self },
            "7" => Look { ground: Ground::Reversed, ..self },
            "31" => Look { ink: "#ff7b72", ..self },
            "32" => Look { ink: "#7ee787", ..self },
            "33" => Look { ink: "#e3b341", ..self },
            "36" => Look { ink: "#76e3ea", ..self },
            "39" => Look { ink: INK, ..self },
            "" | "0" => PLAIN,
            _ => self,
        }
    }
}

/// Letters that look alike, from a column on.
struct Stretch {
    column: usize,
    look: Look,
    text: String,
}

fn stretches(line: &str) -> Vec<Stretch> {
    let mut all = Vec::new();
    let (mut look, mut column) = (PLAIN, 0);
    for (index, part) in line.split("\x1b[").enumerate() {
        let mut text = part;
        if let Some((codes, rest)) = part.split_once('m').filter(|_| index > 0) {
            // 38;5;3 and 33 are the same yellow.
            look = codes.replace("38;5;", "3").split(';').fold(look, Look::after);
            text = rest;
        }
        let length = text.chars().count();
        if length > 0 {
            all.push(Stretch { column, look, text: text.to_owned() });
        }
        column += length;
    }
    all
}

#[expect(clippy::float_arithmetic, reason = "places on a picture")]
fn draw(stretch: &Stretch, row: usize, svg: &mut String) {
    let x = stretch.column as f64 * CELL_WIDTH + MARGIN as f64;
    let width = stretch.text.chars().count() as f64 * CELL_WIDTH;
    let y = row * CELL_HEIGHT + MARGIN;
    let mut ink = stretch.look.ink;
    if stretch.look.ground == Ground::Reversed {
        let _ = writeln!(
            svg,
            r#"<rect x="{x:.1}" y="{y}" width="{width:.1}" height="{CELL_HEIGHT}" fill="{ink}"/>"#
        );
        ink = PAPER;
    } else if stretch.text.trim().is_empty() {
        return;
    }
    let weight = match stretch.look.weight {
        Weight::Plain => "",
        Weight::Bold => r#" font-weight="bold""#,
        Weight::Dim => r#" opacity="0.6""#,
        Weight::BoldAndDim => r#" font-weight="bold" opacity="0.6""#,
    };
    let text = stretch.text.replace('&', "&amp;").replace('<', "&lt;").replace('>', "&gt;");
    let _ = writeln!(
        svg,
        r#"<text x="{x:.1}" y="{}" fill="{ink}"{weight} xml:space="preserve" textLength="{width:.1}" lengthAdjust="spacingAndGlyphs">{text}</text>"#,
        y + MARGIN
    );
}

#[expect(clippy::float_arithmetic, reason = "places on a picture")]
fn picture(screen: &str) -> String {
    let lines: Vec<Vec<Stretch>> = screen.lines().map(stretches).collect();
    let end = |line: &Vec<Stretch>| line.last().map_or(0, |last| last.column + last.text.chars().count());
    let columns = lines.iter().map(end).max().unwrap_or(0);
    let width = columns as f64 * CELL_WIDTH + 2.0 * MARGIN as f64;
    let height = lines.len() * CELL_HEIGHT + 2 * MARGIN;
    let mut svg = format!(
        r#"<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {width:.0} {height}" font-family="ui-monospace,SFMono-Regular,Menlo,Consolas,'DejaVu Sans Mono',monospace" font-size="12"><rect width="100%" height="100%" rx="8" fill="{PAPER}"/>
"#
    );
    for (row, line) in lines.iter().enumerate() {
        line.iter().for_each(|stretch| draw(stretch, row, &mut svg));
    }
    svg + "</svg>\n"
}

fn main() -> io::Result<()> {
    let mut screen = String::new();
    io::stdin().read_to_string(&mut screen)?;
    io::stdout().write_all(picture(&screen).as_bytes())
}
