using IngressController.Shutdown;
using IngressController.Tests.Kubernetes;

namespace IngressController.Tests.Shutdown;

/// <summary>WebSockets are closed gradually, so that not all clients reconnect at the same time.</summary>
public sealed class OpenWebSocketsTests
{
    [Theory]
    [InlineData(120, 15, new[] { 50, 100, 120 })]
    [InlineData(30_000, 10, new[] { 300, 600, 900 })]
    [InlineData(3, 0, new[] { 3, 3, 3 })]
    public async Task WebSockets_are_closed_in_batches_every_tenth_of_a_second(int open, int withinSeconds, int[] closed)
    {
        var clock = new ManualTimeProvider();
        var webSockets = new OpenWebSockets(clock);
        var clients = Enumerable.Range(0, open).Select(_ => new MemoryStream()).ToArray();
        foreach (var client in clients)
            webSockets.Add(new WebSocketTunnel(client));

        var closing = webSockets.CloseAsync(TimeSpan.FromSeconds(withinSeconds), CancellationToken.None);
        foreach (var count in closed)
        {
            // The pause begins after all WebSockets of a batch are closed.
            await DrainingController.UntilAsync(() => Task.FromResult(clients.Count(client => client.Length > 0) >= count), $"{count} are closed");
            await Task.Delay(20);
            Assert.Equal(count, clients.Count(client => client.Length > 0));
            clock.Advance(TimeSpan.FromMilliseconds(100));
        }

        await Task.WhenAny(closing, DrainingController.UntilAsync(() => Task.FromResult(clients.Count(client => client.Length > 0) > closed[^1]), "more are closed"));
        Assert.Equal(open <= closed[^1], closing.IsCompletedSuccessfully);
    }

    [Fact]
    public void WebSocket_opened_later_is_closed_at_once()
    {
        var webSockets = new OpenWebSockets(new ManualTimeProvider());
        Assert.True(webSockets.CloseAsync(TimeSpan.FromSeconds(15), CancellationToken.None).IsCompleted);
        using var client = new MemoryStream();
        webSockets.Add(new WebSocketTunnel(client));
        Assert.Equal([0x88, 2, 0x03, 0xE9], client.ToArray());
    }
}
