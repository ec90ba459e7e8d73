using System.Net;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Hosting;
using Microsoft.AspNetCore.Hosting.Server;
using Microsoft.AspNetCore.Hosting.Server.Features;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Http.Features;
using Microsoft.Extensions.DependencyInjection;

namespace IngressController.ClusterTests.Fixture;

/// <summary>Backends that answer with their name, each on a port of its own.</summary>
internal sealed class TestBackend : IAsyncDisposable
{
    private readonly WebApplication _app;
    private readonly Dictionary<string, int> _ports;

    private TestBackend(WebApplication app, Dictionary<string, int> ports)
    {
        _app = app;
        _ports = ports;
    }

    private const string Variable = "INGRESS_TEST_BACKEND_ADDRESS";

    /// <summary>The address of the backends, for EndpointSlices.</summary>
    public static IPAddress Address { get; } =
        Environment.GetEnvironmentVariable(Variable) is { Length: > 0 } address ? IPAddress.Parse(address) : IPAddress.Loopback;

    /// <summary>The remedy if an API server rejects the address: servers with built-in EndpointSlices accept no loopback address.</summary>
    public static string AddressHint =>
        $"run tests/IngressController.ClusterTests/run as root, which creates a network namespace with another address, or set {Variable} to an address of this machine";

    public int Port(string name) => _ports[name];

    public static async Task<TestBackend> StartAsync(params string[] names)
    {
        var namesByPort = new Dictionary<int, string>();
        var builder = WebApplication.CreateEmptyBuilder(new WebApplicationOptions());
        builder.WebHost.UseKestrelCore().ConfigureKestrel(kestrel =>
        {
            foreach (var _ in names)
                kestrel.Listen(Address, 0);
        });
        var app = builder.Build();
        app.Run(context => context.Response.WriteAsync(namesByPort[context.Connection.LocalPort]));
        await app.StartAsync();
        var addresses = app.Services.GetRequiredService<IServer>().Features.GetRequiredFeature<IServerAddressesFeature>().Addresses;
        foreach (var (name, address) in names.Zip(addresses))
            namesByPort[new Uri(address).Port] = name;
        return new TestBackend(app, namesByPort.ToDictionary(entry => entry.Value, entry => entry.Key));
    }

    public async ValueTask DisposeAsync()
    {
        await _app.StopAsync();
        await _app.DisposeAsync();
    }
}
