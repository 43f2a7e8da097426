//! The binary as the integration tests start it.

fn main() -> std::process::ExitCode {
    tidegate::main()
}
