using System.Runtime.InteropServices;

namespace IngressController.Cli;

/// <summary>
/// SIGTERM, SIGINT and SIGQUIT. The first asks for an orderly end, however long that takes: nothing but a second one ends the process
/// before. (The parser of the command line would do so after a time, and could not tell which signal it was.)
/// </summary>
internal sealed class TerminationSignals : IDisposable
{
    private readonly CancellationTokenSource _told = new();
    private readonly PosixSignalRegistration[] _registrations;
    private int _count;

    public TerminationSignals() =>
        _registrations = [Register(PosixSignal.SIGTERM, 15), Register(PosixSignal.SIGINT, 2), Register(PosixSignal.SIGQUIT, 3)];

    /// <summary>Fires with the first signal.</summary>
    public CancellationToken Told => _told.Token;

    /// <summary>Whether that was Ctrl-C: somebody waits at a terminal.</summary>
    public bool IsInterrupt { get; private set; }

    public void Dispose()
    {
        foreach (var registration in _registrations)
            registration.Dispose();
        _told.Dispose();
    }

    private PosixSignalRegistration Register(PosixSignal signal, int number) => PosixSignalRegistration.Create(signal, context =>
    {
        context.Cancel = true;
        if (Interlocked.Increment(ref _count) > 1)
            Environment.Exit(128 + number);
        IsInterrupt = signal == PosixSignal.SIGINT;
        _told.Cancel();
    });
}
