//! Writes `schemas/openapi.json`: `cargo run --example openapi`.

fn main() -> std::io::Result<()> {
    let file = std::path::Path::new(env!("CARGO_MANIFEST_DIR")).join("../../schemas/openapi.json");
    std::fs::write(file, format!("{:#}\n", console::document()))
}
