//! Writes the schemas of the commands' JSON to `schemas/`, and the pages of facts and metrics to their folders: `cargo run -p tidegate --example schemas`.

fn main() -> std::io::Result<()> {
    let folder = std::path::Path::new(env!("CARGO_MANIFEST_DIR")).join("../../schemas");
    for (name, text) in tidegate::contract::schemas() {
        std::fs::write(folder.join(name), text)?;
    }
    std::fs::write(folder.join("../rules/facts.md"), tidegate::contract::facts())?;
    std::fs::write(folder.join("../engine/operating/metrics.md"), tidegate::contract::metrics())?;
    Ok(())
}
