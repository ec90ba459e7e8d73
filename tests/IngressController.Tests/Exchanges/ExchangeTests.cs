using IngressController.Configuration;
using IngressController.Exchanges;
using IngressController.Tests.Kubernetes;
using Microsoft.AspNetCore.Connections;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Http.Features;
using Microsoft.AspNetCore.Server.Kestrel.Core.Features;

namespace IngressController.Tests.Exchanges;

public sealed class ExchangeTests
{
    private readonly ManualTimeProvider _time = new();
    private readonly ClientConnections _connections;

    public ExchangeTests() => _connections = new ClientConnections(_time, new OverloadOptions());

    [Fact]
    public async Task Stream_is_refused_in_flight_or_when_it_begins_but_not_when_it_is_over()
    {
        await WithConnectionAsync(connection =>
        {
            // None has begun.
            Assert.True(connection.TryRefuse(3, 2));
            using var other = Begin(connection, 1);
            using var refused = Begin(connection, 3);
            Assert.Equal((EndReason.None, EndReason.Malformed), (other.EndReason, refused.EndReason));

            Assert.True(connection.TryRefuse(1, 2));
            Assert.Equal(EndReason.Malformed, other.EndReason);

            // All have begun, and this one has ended.
            Begin(connection, 5).Dispose();
            Assert.False(connection.TryRefuse(5, 3));
            // Those that never begin are not kept without limit.
            Assert.Equal(100 - 2, Enumerable.Range(10, 200).Count(stream => connection.TryRefuse(stream, 1000)));
            return Task.CompletedTask;
        });
    }

    [Fact]
    public async Task Stalled_exchanges_come_oldest_first_and_of_the_same_time_largest_first()
    {
        await WithConnectionAsync(async first => await WithConnectionAsync(second =>
        {
            using var quiet = Begin(first);
            using var small = Begin(first);
            using var large = Begin(second);
            using var oldest = Begin(second);
            oldest.WriteWaits(1);
            _time.Advance(TimeSpan.FromSeconds(1));
            small.WriteWaits(10);
            large.WriteWaits(20);

            Assert.Equal([oldest, large, small], _connections.Stalled());
            Assert.Equal(31, _connections.BufferedBytes);

            large.WriteEnded();

            Assert.Equal([oldest, small], _connections.Stalled());
            Assert.Equal(11, _connections.BufferedBytes);
            return Task.CompletedTask;
        }));

        Assert.Equal(0, _connections.BufferedBytes);
        Assert.Empty(_connections.Stalled());
        Assert.Empty(_connections.All);
    }

    [Fact]
    public Task An_exchange_is_ended_once_and_never_after_its_request() => WithConnectionAsync(connection =>
    {
        var reset = new Resets();
        using var stalled = Begin(connection, reset);
        Assert.True(stalled.TryEnd(EndReason.Stalled));
        Assert.False(stalled.TryEnd(EndReason.Shed));
        Assert.Equal(EndReason.Stalled, stalled.EndReason);
        Assert.Equal([8], reset.Codes);

        var over = Begin(connection, reset);
        over.Dispose();
        Assert.False(over.TryEnd(EndReason.Shed));
        Assert.Equal(EndReason.None, over.EndReason);

        using var shed = Begin(connection, reset);
        Assert.True(shed.TryEnd(EndReason.Shed));
        Assert.Equal([8, 11], reset.Codes);
        return Task.CompletedTask;
    });

    /// <summary>More than the slots that a connection begins with, by several threads.</summary>
    [Fact]
    public Task Exchanges_begin_and_end_at_the_same_time() => WithConnectionAsync(async connection =>
    {
        await Task.WhenAll(Enumerable.Range(0, 8).Select(_ => Task.Run(() =>
        {
            for (var round = 0; round < 500; round++)
            {
                var exchanges = Enumerable.Range(0, 1 + round % 20).Select(_ => Begin(connection)).ToArray();
                foreach (var exchange in exchanges)
                    exchange.WriteWaits(1);
                Assert.Superset(exchanges.ToHashSet(), _connections.Stalled().ToHashSet());
                foreach (var exchange in exchanges)
                    exchange.Dispose();
            }
        })));

        Assert.Empty(_connections.Stalled());
        Assert.Equal(0, _connections.BufferedBytes);
    });

    private Exchange Begin(ClientConnection connection, int stream)
    {
        var context = new DefaultHttpContext { Request = { Protocol = "HTTP/2" } };
        context.Features.Set(connection);
        context.Features.Set<IHttpResetFeature>(new Resets());
        context.Features.Set<IHttp2StreamIdFeature>(new StreamId(stream));
        return _connections.Begin(context);
    }

    private Exchange Begin(ClientConnection connection, Resets? resets = null)
    {
        var context = new DefaultHttpContext { Request = { Protocol = HttpProtocol.Http2 } };
        context.Features.Set(connection);
        context.Features.Set<IHttpResetFeature>(resets);
        return _connections.Begin(context);
    }

    private Task WithConnectionAsync(Func<ClientConnection, Task> act) =>
        _connections.Track(connection => act(connection.Features.GetRequiredFeature<ClientConnection>()))(new DefaultConnectionContext());

    private sealed record StreamId(int Value) : IHttp2StreamIdFeature
    {
        int IHttp2StreamIdFeature.StreamId => Value;
    }

    private sealed class Resets : IHttpResetFeature
    {
        public List<int> Codes { get; } = [];

        public void Reset(int errorCode) => Codes.Add(errorCode);
    }
}
