using System.Runtime.InteropServices;

namespace IngressController.Cli;

/// <summary>
/// SIGTERM, SIGINT and SIGQUIT. The first signal begins a graceful shutdown without a time limit; only a second signal ends the process
/// before. (The command-line parser would end it after a timeout, and does not report which signal it was.)
/// </summary>
internal sealed class TerminationSignals : IDisposable
{
    private readonly CancellationTokenSource _received = new();
    private readonly PosixSignalRegistration[] _registrations;
    private int _count;

    public TerminationSignals() =>
        _registrations = [Register(PosixSignal.SIGTERM, 15), Register(PosixSignal.SIGINT, 2), Register(PosixSignal.SIGQUIT, 3)];

    /// <summary>Cancelled by the first signal.</summary>
    public CancellationToken Received => _received.Token;

    /// <summary>True if the first signal was SIGINT, as Ctrl-C in a terminal sends it.</summary>
    public bool IsInterrupt { get; private set; }

    public void Dispose()
    {
        foreach (var registration in _registrations)
            registration.Dispose();
        _received.Dispose();
    }

    private PosixSignalRegistration Register(PosixSignal signal, int number) => PosixSignalRegistration.Create(signal, context =>
    {
        context.Cancel = true;
        if (Interlocked.Increment(ref _count) > 1)
            Environment.Exit(128 + number);
        IsInterrupt = signal == PosixSignal.SIGINT;
        _received.Cancel();
    });
}
