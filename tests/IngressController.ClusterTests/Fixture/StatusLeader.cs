using IngressController.Leadership;
using IngressController.Observability;
using IngressController.Status;
using Microsoft.Extensions.DependencyInjection;

namespace IngressController.ClusterTests.Fixture;

/// <summary>Lets a controller write statuses, as the leader does, until it is disposed.</summary>
internal sealed class StatusLeader : IAsyncDisposable
{
    private readonly CancellationTokenSource _lost = new();
    private readonly RunningController _controller;
    private readonly Task _work;

    public StatusLeader(RunningController controller)
    {
        _controller = controller;
        _work = controller.Services.GetServices<ILeaderWork>().OfType<StatusWriter>().Single().RunAsync(_lost.Token);
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
