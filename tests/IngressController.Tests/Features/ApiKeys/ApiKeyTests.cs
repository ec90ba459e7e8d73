using IngressController.Tests.Fakes;

namespace IngressController.Tests.Features.ApiKeys;

/// <summary>Only clients with an API key of the Secret reach the backend, which gets the client's name in place of the key.</summary>
public sealed class ApiKeyTests(AccessFixture proxy) : IClassFixture<AccessFixture>
{
    private const string Secret = "keys";

    private static readonly (string, string) Asked = ("api-key-secret", Secret);

    [Theory]
    [InlineData("X-API-Key: key-of-alice\r\n", "alice")]
    [InlineData("x-api-key:  key-of-bob \r\n", "bob")]
    [InlineData("X-API-Key: key-of-bob\r\nX-API-Client: alice\r\nx-api-client: root\r\n", "bob")]
    public async Task A_known_key_is_replaced_by_the_name_of_its_client(string fields, string client)
    {
        await using var backend = WireBackend.Answer(WireBackend.Ok("in"));
        Assert.Equal(200, (await proxy.GetAsync(await ServeAsync(backend, Asked), "/", fields)).Status);
        var request = Assert.Single(backend.Requests);
        Assert.Equal(client, request.One("X-API-Client"));
        Assert.DoesNotContain("key-of", FieldsOf(request), StringComparison.OrdinalIgnoreCase);
    }

    [Theory]
    [InlineData("", "an API key is required in the header X-API-Key")]
    [InlineData("Authorization: key-of-alice\r\n", "an API key is required in the header X-API-Key")]
    [InlineData("X-API-Key: \r\n", "is not known")]
    [InlineData("X-API-Key: key-of-alic\r\n", "is not known")]
    [InlineData("X-API-Key: key-of-alicea\r\n", "is not known")]
    [InlineData("X-API-Key: KEY-OF-ALICE\r\n", "is not known")]
    [InlineData("X-API-Key: alice\r\n", "is not known")]
    [InlineData("X-API-Key: key-of-alice\r\nX-API-Key: key-of-alice\r\n", "is not known")]
    [InlineData("X-API-Key: key-of-alice, key-of-bob\r\n", "is not known")]
    [InlineData("X-API-Client: alice\r\n", "an API key is required in the header X-API-Key")]
    public async Task Without_a_known_key_the_response_is_401_with_the_reason(string fields, string reason)
    {
        await using var backend = WireBackend.Answer(WireBackend.Ok("in"));
        var response = await proxy.GetAsync(await ServeAsync(backend, Asked), "/", fields);
        Assert.Equal(401, response.Status);
        Assert.Contains(reason, response.Body, StringComparison.Ordinal);
        Assert.Equal("ApiKey header=\"X-API-Key\"", response.One("WWW-Authenticate"));
        Assert.DoesNotContain("key-of", FieldsOf(response) + response.Body, StringComparison.OrdinalIgnoreCase);
        Assert.Equal(0, backend.Accepted);
    }

    [Fact]
    public async Task Keys_that_are_too_long_or_not_ASCII_are_not_known()
    {
        await using var backend = WireBackend.Answer(WireBackend.Ok("in"));
        var host = await ServeAsync(backend, Asked);
        foreach (var key in (string[])[new string('x', 1025), new string('x', 7000), "key-of-\u00e4lice"])
            Assert.Equal(401, (await proxy.GetAsync(host, "/", $"X-API-Key: {key}\r\n")).Status);
        Assert.Equal(0, backend.Accepted);
    }

    [Fact]
    public async Task The_header_can_be_another_one()
    {
        await using var backend = WireBackend.Answer(WireBackend.Ok("in"));
        var host = await ServeAsync(backend, Asked, ("api-key-header", "Authorization"));
        Assert.Equal(401, (await proxy.GetAsync(host, "/", "X-API-Key: key-of-alice\r\n")).Status);
        Assert.Equal(200, (await proxy.GetAsync(host, "/", "Authorization: key-of-alice\r\nX-API-Key: other\r\n")).Status);
        var request = Assert.Single(backend.Requests);
        Assert.Equal(("other", "alice"), (request.One("X-API-Key"), request.One("X-API-Client")));
        Assert.DoesNotContain("Authorization", FieldsOf(request), StringComparison.OrdinalIgnoreCase);
    }

    [Theory]
    [InlineData("api-key-secret", "missing")]
    [InlineData("api-key-secret", "other/keys")]
    [InlineData("api-key-header", "Host")]
    public async Task What_cannot_be_used_answers_503(string name, string value)
    {
        await using var backend = WireBackend.Answer(WireBackend.Ok("in"));
        (string, string)[] annotations = name == "api-key-secret" ? [(name, value)] : [Asked, (name, value)];
        Assert.Equal(503, (await proxy.GetAsync(await ServeAsync(backend, annotations), "/", "X-API-Key: key-of-alice\r\n")).Status);
        Assert.Equal(0, backend.Accepted);
    }

    [Fact]
    public async Task It_takes_part_in_satisfy()
    {
        await using var backend = WireBackend.Answer(_ => WireBackend.Ok("in"));
        await proxy.AddSecretAsync("users", "auth", "carol:{PLAIN}secret\\n");
        (string, string)[] both = [Asked, ("auth-type", "basic"), ("auth-secret", "users")];
        const string Password = "Authorization: Basic Y2Fyb2w6c2VjcmV0\r\n";
        const string Key = "X-API-Key: key-of-alice\r\n";
        var all = await ServeAsync(backend, both);
        var any = await ServeAsync(backend, [.. both, ("satisfy", "any")]);
        foreach (var (fields, statusOfAll, statusOfAny) in new[] { ("", 401, 401), (Key, 401, 200), (Password, 401, 200), (Key + Password, 200, 200), ("X-API-Key: x\r\n", 401, 401) })
        {
            Assert.Equal(statusOfAll, (await proxy.GetAsync(all, "/", fields)).Status);
            Assert.Equal(statusOfAny, (await proxy.GetAsync(any, "/", fields)).Status);
        }

        // Neither the key nor the name that the client claims passes when the password has granted access.
        backend.Requests.Clear();
        Assert.Equal(200, (await proxy.GetAsync(any, "/", Password + "X-API-Key: x\r\nX-API-Client: alice\r\n")).Status);
        Assert.DoesNotContain("X-API", FieldsOf(Assert.Single(backend.Requests)), StringComparison.OrdinalIgnoreCase);
        // Two challenges, as the client can respond to either.
        Assert.Equal(2, (await proxy.GetAsync(any)).All("WWW-Authenticate").Length);
    }

    [Fact]
    public async Task Limits_can_count_by_client()
    {
        await using var backend = WireBackend.Answer(_ => WireBackend.Ok("in"));
        var host = await ServeAsync(backend, Asked, ("rate-limit", "1"), ("rate-limit-window", "1h"), ("rate-limit-algorithm", "fixed-window"), ("rate-limit-key", "api-client"));
        Assert.Equal(200, (await proxy.GetAsync(host, "/", "X-API-Key: key-of-alice\r\n")).Status);
        Assert.Equal(429, (await proxy.GetAsync(host, "/", "X-API-Key: key-of-alice\r\n")).Status);
        Assert.Equal(200, (await proxy.GetAsync(host, "/", "X-API-Key: key-of-bob\r\n")).Status);
        // All unknown keys are one client.
        Assert.Equal(401, (await proxy.GetAsync(host, "/", "X-API-Key: guess-1\r\n")).Status);
        Assert.Equal(429, (await proxy.GetAsync(host, "/", "X-API-Key: guess-2\r\n")).Status);
    }

    [Fact]
    public async Task A_changed_Secret_is_live_and_keys_appear_nowhere()
    {
        await using var backend = WireBackend.Answer(_ => WireBackend.Ok("in"));
        string Objects(string key) => Manifests.Service("app", [backend.Port]) + AnnotatedIngress.Manifest("app", "app.example", "app", [("api-key-secret", "live")]) + $$"""
            ---
            apiVersion: v1
            kind: Secret
            metadata: {name: live}
            type: Opaque
            stringData: {dave: {{key}} }

            """;
        await using var controller = await TestController.StartAsync(Objects("first-key-of-dave"));
        async Task<int> StatusAsync(string key) => (await WireConnection.ExchangeAsync(controller.HttpPort, $"GET / HTTP/1.1\r\nHost: app.example\r\nX-API-Key: {key}\r\n\r\n")).Status;
        Assert.Equal((200, 401), (await StatusAsync("first-key-of-dave"), await StatusAsync("second-key-of-dave")));
        await controller.ApplyAsync(Objects("second-key-of-dave"));
        Assert.Equal((401, 200), (await StatusAsync("first-key-of-dave"), await StatusAsync("second-key-of-dave")));

        using var admin = new HttpClient { BaseAddress = new Uri($"http://127.0.0.1:{controller.AdminPort}") };
        var explained = await admin.GetStringAsync("/api/explain?url=http://app.example/");
        Assert.Contains("401 unless X-API-Key holds a key of Secret default/live (1)", explained, StringComparison.Ordinal);
        foreach (var text in (string[])[explained, await admin.GetStringAsync("/api/routes"), await admin.GetStringAsync("/api/diagnostics"), .. controller.Log.All])
            Assert.DoesNotContain("key-of-dave", text, StringComparison.Ordinal);
    }

    private async Task<string> ServeAsync(WireBackend backend, params (string, string)[] annotations)
    {
        await proxy.AddSecretAsync(Secret, "alice\": \"key-of-alice\", \"bob", "key-of-bob\\n");
        return await proxy.ServeAsync(backend, annotations);
    }

    private static string FieldsOf(WireMessage message) => string.Join('\n', message.Fields.Select(field => $"{field.Name}: {field.Value}"));
}
