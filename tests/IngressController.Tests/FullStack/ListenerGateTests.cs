using System.Net;
using System.Net.Sockets;
using IngressController.Tests.Fakes;

namespace IngressController.Tests.FullStack;

/// <summary>The opening of the http and https ports.</summary>
public sealed class ListenerGateTests
{
    [Fact]
    public async Task Ports_are_closed_until_there_is_something_to_serve()
    {
        await using var stack = await CreateAsync(TimeSpan.FromMinutes(5));
        var starting = stack.StartControllerAsync();
        await stack.UntilLoggedAsync("cannot watch ingresses.networking.k8s.io", times: 2);
        Assert.Equal(SocketError.ConnectionRefused, Connect(stack.Listener.HttpPort));
        Assert.Equal(SocketError.ConnectionRefused, Connect(stack.Listener.HttpsPort));
        Assert.False(starting.IsCompleted);

        stack.Server.ForbiddenResources = [];
        await starting;
        Assert.Equal("a", await stack.AnswerAsync("app.example"));
        await stack.UntilReadyAsync();
    }

    [Fact]
    public async Task Ports_open_after_the_initial_sync_timeout_and_answer_503()
    {
        await using var stack = await CreateAsync(TimeSpan.FromMilliseconds(200));
        await stack.StartControllerAsync();
        Assert.Equal("503", await stack.AnswerAsync("app.example"));
        Assert.Contains(stack.Log.Lines, line => line.Contains("nothing to serve after 0.2 s (--initial-sync-timeout)", StringComparison.Ordinal));
        Assert.StartsWith("not ready: waiting for ", await stack.ReadyzAsync(), StringComparison.Ordinal);

        stack.Server.ForbiddenResources = [];
        await stack.UntilReadyAsync();
        Assert.Equal("a", await stack.AnswerAsync("app.example"));
    }

    [Fact]
    public async Task Start_can_be_cancelled_while_the_ports_are_closed()
    {
        await using var stack = await CreateAsync(TimeSpan.FromMinutes(5));
        using var stop = new CancellationTokenSource();
        var starting = stack.StartControllerAsync(timings: null, settings: null, stop.Token);
        await stack.UntilLoggedAsync("cannot watch ingresses.networking.k8s.io");
        await stop.CancelAsync();
        await Assert.ThrowsAnyAsync<OperationCanceledException>(() => starting.WaitAsync(TimeSpan.FromSeconds(20)));
        Assert.Equal(SocketError.ConnectionRefused, Connect(stack.Listener.HttpPort));
    }

    /// <summary>Creates a stack in which reading Ingresses is forbidden at first.</summary>
    private static async Task<TestStack> CreateAsync(TimeSpan initialSyncTimeout)
    {
        var stack = await TestStack.CreateAsync();
        stack.Server.Upsert(Manifests.Ingress("app", "app.example", "a"));
        stack.Server.ForbiddenResources = ["ingresses"];
        stack.Listener = stack.Listener with { HttpPort = FreePort.Take(), HttpsPort = FreePort.Take(), InitialSyncTimeout = initialSyncTimeout };
        return stack;
    }

    private static SocketError Connect(int port)
    {
        using var socket = new Socket(SocketType.Stream, ProtocolType.Tcp);
        try
        {
            socket.Connect(IPAddress.Loopback, port);
            return SocketError.Success;
        }
        catch (SocketException error)
        {
            return error.SocketErrorCode;
        }
    }
}
