namespace IngressController.Listeners;

/// <summary>
/// A host lifetime that leaves signals to the command line. The default one handles all signals, also a second one, which must end the
/// process.
/// </summary>
internal sealed class NoSignals : IHostLifetime
{
    public Task WaitForStartAsync(CancellationToken cancellationToken) => Task.CompletedTask;

    public Task StopAsync(CancellationToken cancellationToken) => Task.CompletedTask;
}
