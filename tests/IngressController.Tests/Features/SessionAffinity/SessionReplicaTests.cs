using System.Text;
using IngressController.Configuration;
using IngressController.Hosting;
using IngressController.Tests.Fakes;
using static IngressController.Tests.Features.SessionAffinity.SessionFixture;

namespace IngressController.Tests.Features.SessionAffinity;

/// <summary>Sessions over several replicas and over restarts, which have the same key or not.</summary>
public sealed class SessionReplicaTests
{
    private const string Key = "0123456789abcdef0123456789abcdef";

    [Theory]
    [InlineData("balanced")]
    [InlineData("persistent")]
    public async Task Sessions_survive_a_restart_and_hold_on_another_replica_with_the_same_key(string mode)
    {
        using var folder = new TempFolder();
        // One with the line break of an editor, as the same key in another file.
        var (file, other) = (Path.Combine(folder, "key"), Path.Combine(folder, "other"));
        await File.WriteAllTextAsync(file, Key);
        await File.WriteAllTextAsync(other, $"{Key}\r\n");
        var backends = Backends(5);
        var manifests = Manifests.Service("web", backends.Select(backend => backend.Port))
            + Manifests.Ingress("web", "web.example", "web", annotations: $"affinity: cookie, affinity-mode: {mode}");
        var sessions = new List<WireMessage>();
        await using (var first = await StartAsync(manifests, file))
        {
            for (var i = 0; i < 20; i++)
                sessions.Add(await GetAsync(first));
            Assert.DoesNotContain(first.Log.All, line => line.Contains("session-key-file", StringComparison.Ordinal));
        }

        await using var restarted = await StartAsync(manifests, file);
        // The order of its manifests, and thus of what it reads, does not matter.
        await using var replica = await StartAsync(string.Join("---", manifests.Split("---", StringSplitOptions.RemoveEmptyEntries).Reverse()), other);
        await using var stranger = await StartAsync(manifests, null);
        foreach (var session in sessions)
        {
            foreach (var controller in new[] { restarted, replica })
            {
                var response = await GetAsync(controller, CookieOf(session));
                Assert.Equal(session.Body, response.Body);
                Assert.Empty(response.All("Set-Cookie"));
            }

            Assert.NotNull((await GetAsync(stranger, CookieOf(session))).One("Set-Cookie"));
        }

        Assert.Single(stranger.Log.All, line => line.Contains("sessions do not survive a restart", StringComparison.Ordinal));
    }

    [Fact]
    public async Task Without_affinity_nothing_is_said_about_the_key()
    {
        await using var backend = Named();
        await using var controller = await StartAsync(Manifests.Service("web", [backend.Port]) + Manifests.Ingress("web", "web.example", "web"), null);
        Assert.Equal(backend.Port, PortOf(await GetAsync(controller)));
        Assert.DoesNotContain(controller.Log.All, line => line.Contains("session", StringComparison.OrdinalIgnoreCase));
    }

    [Theory]
    [InlineData(null, "--session-key-file: ")]
    [InlineData("", "has 0 bytes; it needs at least 32")]
    [InlineData("0123456789abcdef0123456789abcde\n", "has 31 bytes; it needs at least 32")]
    public async Task A_key_that_cannot_be_used_ends_the_start(string? content, string message)
    {
        using var folder = new TempFolder();
        var file = Path.Combine(folder, "key");
        if (content is not null)
            await File.WriteAllBytesAsync(file, Encoding.ASCII.GetBytes(content));
        await using var host = ControllerHost.Create(new IngressOptions
        {
            Source = new SourceOptions { Manifests = folder },
            SessionAffinity = new SessionAffinityOptions { KeyFile = file },
        });
        var error = await Assert.ThrowsAsync<OptionException>(() => host.StartAsync(CancellationToken.None));
        Assert.Contains(message, error.Message, StringComparison.Ordinal);
        Assert.Contains(file, error.Message, StringComparison.Ordinal);
    }

    private static Task<TestController> StartAsync(string manifests, string? keyFile) =>
        TestController.StartAsync(manifests, options => options with { SessionAffinity = new SessionAffinityOptions { KeyFile = keyFile } });

    private static Task<WireMessage> GetAsync(TestController controller, string? cookie = null) => WireConnection.ExchangeAsync(
        controller.HttpPort, $"GET / HTTP/1.1\r\nHost: web.example\r\n{(cookie is null ? "" : $"Cookie: {cookie}\r\n")}\r\n");
}
