namespace IngressController.Listeners;

/// <summary>A host that leaves signals to the command line. The default one takes each of them for itself, the second as well, which is to end the process.</summary>
internal sealed class NoSignals : IHostLifetime
{
    public Task WaitForStartAsync(CancellationToken cancellationToken) => Task.CompletedTask;

    public Task StopAsync(CancellationToken cancellationToken) => Task.CompletedTask;
}
