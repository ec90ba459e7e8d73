using IngressController.Kubernetes.Client;
using IngressController.Leadership;
using IngressController.Observability;
using IngressController.Status;
using Microsoft.Extensions.DependencyInjection;

namespace IngressController.ClusterTests.Fixture;

/// <summary>Lets a controller write statuses without an election, as if it had won one, until it is disposed.</summary>
internal sealed class StatusLeader : IAsyncDisposable
{
    private readonly CancellationTokenSource _lost = new();
    private readonly RunningController _controller;
    private readonly Task _work;

    public StatusLeader(RunningController controller)
    {
        _controller = controller;
        var services = controller.Services;
        var client = new StatusClient(new LeaderClient(services.GetRequiredService<KubernetesClient>(), static () => { }), Metrics);
        _work = ActivatorUtilities.CreateInstance<StatusWriter>(services, client).RunAsync(_lost.Token);
    }

    /// <summary>How many statuses were written.</summary>
    public long Written => Metrics.Of("written");

    public int Pending => Metrics.Pending;

    public StatusMetrics Metrics => _controller.Services.GetRequiredService<StatusMetrics>();

    public async ValueTask DisposeAsync()
    {
        await _lost.CancelAsync();
        await _work.WaitAsync(Wait.Limit);
        _lost.Dispose();
    }
}
