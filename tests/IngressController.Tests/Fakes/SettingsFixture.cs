using IngressController.Configuration;

namespace IngressController.Tests.Fakes;

/// <summary>A controller with one host, whose ConfigMap of settings tests change while it runs, and a backend that keeps what it received.</summary>
public class SettingsFixture : ProxyFixture, IAsyncLifetime
{
    internal const string Host = "app.example";

    private string _manifests = "";

    /// <summary>Objects beside the host.</summary>
    protected virtual string MoreManifests => "";

    internal WireBackend Backend { get; } = WireBackend.Answer(_ => WireBackend.Ok("ok"));

    public override IngressOptions Configure(IngressOptions options)
    {
        var configured = base.Configure(options);
        return configured with { Translation = configured.Translation with { ConfigMap = new ResourceName("default", "settings") } };
    }

    /// <summary>Makes these the only settings; returns when they count.</summary>
    internal Task SetAsync(params (string Key, string Value)[] settings) => Controller.ApplyAsync(_manifests, $"""
        apiVersion: v1
        kind: ConfigMap
        metadata: {"{name: settings}"}
        data:
        {(settings.Length == 0 ? "  {}" : string.Join('\n', settings.Select(setting => $"  {setting.Key}: '{setting.Value}'")))}
        """);

    /// <summary>Sends a request for the host, with these header lines, and returns what the backend got of it.</summary>
    internal async Task<WireMessage> SendAsync(string fields, string target = "/")
    {
        Backend.Requests.Clear();
        var response = await GetAsync(Host, target, fields);
        Assert.True(response.Status == 200, $"{response.Start}: {response.Body}");
        return Assert.Single(Backend.Requests);
    }

    async Task IAsyncLifetime.InitializeAsync()
    {
        await InitializeAsync();
        _manifests = Manifests.Service("app", [Backend.Port]) + Manifests.Ingress("app", Host, "app") + MoreManifests;
        await SetAsync();
    }

    async Task IAsyncLifetime.DisposeAsync()
    {
        await DisposeAsync();
        await Backend.DisposeAsync();
    }
}
