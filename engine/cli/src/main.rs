//! `tidegate`, the one binary.

fn main() -> std::process::ExitCode {
    tidegate::main()
}
