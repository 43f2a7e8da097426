//! A line of a case file, cut into words that know their column.

use super::Problem;

/// A word, or several in double quotes.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Word {
    pub(crate) text: String,
    pub(crate) line: usize,
    /// In characters, from 1.
    pub(crate) column: usize,
}

impl Word {
    /// A problem with this word.
    pub(crate) fn problem(&self, message: impl Into<String>) -> Problem {
        Problem { line: self.line, column: self.column, message: message.into(), help: None }
    }

    /// A problem with this word, and what would mend it.
    pub(crate) fn problem_with_help(&self, message: impl Into<String>, help: impl Into<String>) -> Problem {
        Problem { help: Some(help.into()), ..self.problem(message) }
    }

    /// `key=value`, if it is that.
    pub(crate) fn pair(&self) -> Option<(Word, Word)> {
        let (key, value) = self.text.split_once('=')?;
        let part = |text: &str, column| Word { text: text.to_owned(), line: self.line, column };
        Some((part(key, self.column), part(value, self.column + key.chars().count() + 1)))
    }
}

/// The words of a line; a word that begins with `#` begins a comment.
pub(crate) fn words(text: &str, line: usize) -> Result<Vec<Word>, Problem> {
    let mut words = Vec::new();
    let mut open: Option<Word> = None;
    let mut quoted = None;
    for (index, c) in text.chars().enumerate() {
        let column = index + 1;
        match c {
            '"' => {
                quoted = if quoted.is_some() { None } else { Some(column) };
                open.get_or_insert_with(|| Word { text: String::new(), line, column });
            }
            _ if c.is_whitespace() && quoted.is_none() => words.extend(open.take()),
            '#' if open.is_none() => break,
            _ => open.get_or_insert_with(|| Word { text: String::new(), line, column }).text.push(c),
        }
    }
    if let Some(column) = quoted {
        let message = "the closing `\"` is missing".to_owned();
        return Err(Problem { line, column, message, help: None });
    }
    words.extend(open);
    Ok(words)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn words_know_where_they_stand() {
        let found = words("+1m  order  o#1 reason=\"too small\" # why", 3).unwrap();
        let texts: Vec<_> = found.iter().map(|w| (w.text.as_str(), w.column)).collect();
        assert_eq!(texts, [("+1m", 1), ("order", 6), ("o#1", 13), ("reason=too small", 17)]);
        let (_, value) = found[3].pair().unwrap();
        assert_eq!((value.line, value.column), (3, 24));
        assert_eq!(words("a \"b", 1).unwrap_err().column, 3);
    }
}
