//! Writes the generated files of `schemas/`: `cargo run -p connector --example schemas`.

use std::fs;
use std::io::Result;
use std::path::Path;

use model::Kind;

fn main() -> Result<()> {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../schemas");
    for document in connector::schema::documents() {
        fs::write(folder.join(&document.file), document.text())?;
    }
    for kind in Kind::ALL {
        let refused = folder.join(format!("examples/refused/{}.json", kind.name()));
        fs::write(refused.with_extension("dead_letter.json"), dead_letter(&fs::read(&refused)?))?;
    }
    let readme = folder.join("README.md");
    let text = fs::read_to_string(&readme)?;
    fs::write(&readme, connector::schema::readme_with_tables(&text))
}

fn dead_letter(refused: &[u8]) -> Vec<u8> {
    connector::schema::example_dead_letter(refused.trim_ascii())
        .unwrap_or_else(|| b"it is accepted\n".to_vec())
}
