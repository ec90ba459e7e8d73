using System.Globalization;
using System.Text;
using IngressController.Tests.Fakes;
using Microsoft.AspNetCore.Http;

namespace IngressController.Tests.Edge.Attacks;

/// <summary>The backend, and the server that is attacked: one for all short attacks, one for each long one.</summary>
public sealed class AttackFixture : IAsyncLifetime
{
    public const string Controller = "controller";

    /// <summary>The seconds of an attack that is not repeated in the long form; null for the short form.</summary>
    private static readonly double? FullSeconds =
        Environment.GetEnvironmentVariable("EDGE_FULL") is { Length: > 0 } text && double.Parse(text, CultureInfo.InvariantCulture) is var seconds
            ? seconds == 1 ? 75 : seconds
            : null;

    private static readonly byte[] Large = Encoding.ASCII.GetBytes(new string('x', 20_000));

    private KestrelBackend? _backend;
    private AttackedServer? _server;

    public static string[] Servers => FullSeconds is not null ? [Controller, .. ReferenceServer.Installed] : [Controller];

    internal bool IsAlive => _server!.IsAlive;

    internal string Log => _server!.Log;

    public async Task InitializeAsync() => _backend = await KestrelBackend.StartAsync(AnswerAsync);

    public async Task DisposeAsync()
    {
        if (_server is not null)
            await _server.DisposeAsync();
        await _backend!.DisposeAsync();
    }

    internal async Task<AttackResult> RunAsync(string name, Attack attack)
    {
        if (_server is not null && (FullSeconds is not null || !_server.IsAlive))
        {
            await _server.DisposeAsync();
            _server = null;
        }

        if (_server is null)
        {
            _server = await StartAsync(name);
            await WarmUpAsync(_server);
        }

        var duration = (FullSeconds, attack) switch
        {
            (null, { IsRepeated: true }) => 0.8,
            (null, _) => 1.5,
            ({ } seconds, { IsRepeated: true }) => Math.Max(3, seconds / 10),
            ({ } seconds, _) => seconds,
        };
        return await new AttackRun(_server, attack).RunAsync(TimeSpan.FromSeconds(duration));
    }

    private async Task<AttackedServer> StartAsync(string name) => name switch
    {
        Controller => await ControllerServer.StartAsync(_backend!.Port),
        _ => await ReferenceServer.StartAsync(name, _backend!.Port),
    };

    /// <summary>Lets a new process compile what every request needs, so that this is not taken for an effect of the attack.</summary>
    private static async Task WarmUpAsync(AttackedServer server)
    {
        await using var client = new SecondClient(server);
        await Task.Delay(TimeSpan.FromSeconds(1));
    }

    private static async Task AnswerAsync(HttpContext context)
    {
        if (context.Request.Path == "/large")
        {
            context.Response.ContentLength = Large.Length;
            await context.Response.Body.WriteAsync(Large, context.RequestAborted);
            return;
        }

        await context.Request.Body.CopyToAsync(Stream.Null, context.RequestAborted);
        await context.Response.WriteAsync("ok", context.RequestAborted);
    }
}
