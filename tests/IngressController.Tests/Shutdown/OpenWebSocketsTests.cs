using IngressController.Shutdown;
using IngressController.Tests.Kubernetes;

namespace IngressController.Tests.Shutdown;

/// <summary>Clients are sent away one after another, so that not all of them connect again in the same moment.</summary>
public sealed class OpenWebSocketsTests
{
    [Theory]
    [InlineData(120, 15, new[] { 50, 100, 120 })]
    [InlineData(30_000, 10, new[] { 300, 600, 900 })]
    [InlineData(3, 0, new[] { 3, 3, 3 })]
    public async Task So_many_are_closed_at_once_and_after_each_tenth_of_a_second(int open, int withinSeconds, int[] closed)
    {
        var clock = new ManualTimeProvider();
        var webSockets = new OpenWebSockets(clock);
        var clients = Enumerable.Range(0, open).Select(_ => new MemoryStream()).ToArray();
        foreach (var client in clients)
            webSockets.Add(new WebSocketTunnel(client));

        var closing = webSockets.CloseAsync(TimeSpan.FromSeconds(withinSeconds), CancellationToken.None);
        foreach (var count in closed)
        {
            // They are closed one after another, and only then does the pause begin.
            await DrainingController.UntilAsync(() => Task.FromResult(clients.Count(client => client.Length > 0) >= count), $"{count} are closed");
            await Task.Delay(20);
            Assert.Equal(count, clients.Count(client => client.Length > 0));
            clock.Advance(TimeSpan.FromMilliseconds(100));
        }

        await Task.WhenAny(closing, DrainingController.UntilAsync(() => Task.FromResult(clients.Count(client => client.Length > 0) > closed[^1]), "more are closed"));
        Assert.Equal(open <= closed[^1], closing.IsCompletedSuccessfully);
    }

    [Fact]
    public void One_that_comes_later_is_closed_as_it_comes()
    {
        var webSockets = new OpenWebSockets(new ManualTimeProvider());
        Assert.True(webSockets.CloseAsync(TimeSpan.FromSeconds(15), CancellationToken.None).IsCompleted);
        using var client = new MemoryStream();
        webSockets.Add(new WebSocketTunnel(client));
        Assert.Equal([0x88, 2, 0x03, 0xE9], client.ToArray());
    }
}
