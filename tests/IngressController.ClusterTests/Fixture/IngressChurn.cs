namespace IngressController.ClusterTests.Fixture;

/// <summary>Creates Ingresses continuously, so that the leader always has a status to write.</summary>
internal sealed class IngressChurn : IAsyncDisposable
{
    private readonly CancellationTokenSource _stop = new();
    private readonly Task<int> _run;

    public IngressChurn(ClusterClient client, string @namespace) => _run = RunAsync(client, @namespace);

    /// <returns>Number of Ingresses.</returns>
    public async Task<int> StopAsync()
    {
        await _stop.CancelAsync();
        return await _run;
    }

    public async ValueTask DisposeAsync()
    {
        await StopAsync();
        _stop.Dispose();
    }

    private async Task<int> RunAsync(ClusterClient client, string @namespace)
    {
        var count = 0;
        while (!_stop.IsCancellationRequested)
        {
            count++;
            await client.ApplyAsync(Manifests.Ingress($"churn-{count}", $"churn-{count}.{@namespace}.example", "a"), @namespace);
            await Task.Delay(TimeSpan.FromMilliseconds(200), _stop.Token).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
        }

        return count;
    }
}
