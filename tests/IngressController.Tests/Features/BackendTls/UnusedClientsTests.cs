using System.Net;
using IngressController.Configuration;
using IngressController.Routing.Settings;
using IngressController.Routing.Table;
using IngressController.Upstream;

namespace IngressController.Tests.Features.BackendTls;

/// <summary>Clients of TLS settings that no backend has any more are not kept.</summary>
public sealed class UnusedClientsTests
{
    [Fact]
    public void Clients_are_kept_by_the_settings_that_are_used()
    {
        using var clients = new UpstreamClients(new UpstreamOptions(), (_, _) => Task.FromResult<IPAddress[]>([]), TimeProvider.System);
        var (plain, used, unused) = (Transport(null), Transport("a.internal"), Transport("b.internal"));
        var before = new[] { plain, used, unused }.Select(transport => ((object)clients.Get(transport), (object?)clients.GetHttp1(transport))).ToArray();
        Assert.Equal(before[1], (clients.Get(Transport("a.internal")), clients.GetHttp1(Transport("a.internal"))));

        clients.RemoveUnused([used.Tls!]);

        Assert.Equal(before[0], (clients.Get(plain), clients.GetHttp1(plain)));
        Assert.Equal(before[1], (clients.Get(used), clients.GetHttp1(used)));
        Assert.NotSame(before[2].Item1, clients.Get(unused));
        Assert.NotSame(before[2].Item2, clients.GetHttp1(unused));
    }

    private static UpstreamTransport Transport(string? name) => new(BackendProtocol.Https, IsExternal: false, UpstreamSettings.Default)
    {
        Tls = name is null ? null : new BackendTlsSettings { ServerName = name },
    };
}
