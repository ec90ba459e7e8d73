using System.Text.Json.Nodes;
using IngressController.Kubernetes.Client;
using IngressController.Kubernetes.Configuration;
using IngressController.Kubernetes.Transport;
using IngressController.Tests.Fakes;
using k8s;
using k8s.Exceptions;

namespace IngressController.Tests.Kubernetes;

public sealed class CredentialTests
{
    [Fact]
    public async Task A_token_file_behind_a_symlink_is_reloaded_every_minute()
    {
        await using var server = await FakeApiServer.CreateAsync();
        using var directory = new TemporaryDirectory();
        // The layout of the kubelet: token -> ..data/token, and ..data -> a directory that is swapped.
        void Publish(string version, string token)
        {
            var folder = Directory.CreateDirectory(Path.Combine(directory.Path, version));
            File.WriteAllText(Path.Combine(folder.FullName, "token"), token);
            File.Delete(Path.Combine(directory.Path, "..data"));
            File.CreateSymbolicLink(Path.Combine(directory.Path, "..data"), version);
        }

        Publish("v1", "first");
        var file = Path.Combine(directory.Path, "token");
        File.CreateSymbolicLink(file, "..data/token");
        var time = new ManualTimeProvider();
        var notices = new List<ClientNotice>();
        using var client = new ApiServerConnection(server.Configuration with { Token = new TokenSource.InFile(file) }, time, notices.Add);
        await client.Kubernetes.Version.GetCodeAsync();
        Publish("v2", "second\n");
        time.Advance(TimeSpan.FromSeconds(59));
        await client.Kubernetes.Version.GetCodeAsync();
        time.Advance(TimeSpan.FromSeconds(2));
        await client.Kubernetes.Version.GetCodeAsync();
        File.Delete(file);
        time.Advance(TimeSpan.FromSeconds(61));
        await client.Kubernetes.Version.GetCodeAsync();

        Assert.Equal(["first", "first", "second", "second"], server.Requests.Select(request => request.Token));
        Assert.IsType<ClientNotice.CredentialFileUnusable>(notices.Single());
    }

    [Fact]
    public async Task A_rejected_static_token_is_not_retried()
    {
        await using var server = await FakeApiServer.CreateAsync();
        server.AcceptedTokens = ["other"];
        using var client = new ApiServerConnection(server.Configuration with { Token = new TokenSource.Literal("secret") }, TimeProvider.System);
        var error = await Assert.ThrowsAsync<ApiServerException>(() => client.Kubernetes.Version.GetCodeAsync());
        Assert.True(error.IsUnauthorized);
        Assert.Single(server.Requests);
        Assert.DoesNotContain("secret", error.ToString());
    }

    [Fact]
    public async Task A_rejected_token_file_is_retried_once()
    {
        await using var server = await FakeApiServer.CreateAsync();
        server.AcceptedTokens = ["other"];
        using var directory = new TemporaryDirectory();
        var token = new TokenSource.InFile(directory.Write("token", "wrong"));
        using var client = new ApiServerConnection(server.Configuration with { Token = token }, TimeProvider.System);
        await Assert.ThrowsAsync<ApiServerException>(() => client.Kubernetes.Version.GetCodeAsync());
        Assert.Equal(2, server.Requests.Count);
    }

    [Fact]
    public async Task The_error_names_a_missing_token_file()
    {
        await using var server = await FakeApiServer.CreateAsync();
        using var client = new ApiServerConnection(
            server.Configuration with { Token = new TokenSource.InFile("/nonexistent/token") }, TimeProvider.System);
        var error = await Assert.ThrowsAsync<KubeConfigException>(() => client.Kubernetes.Version.GetCodeAsync());
        Assert.Contains("/nonexistent/token", error.Message);
    }

    [Fact]
    public async Task Basic_authentication_and_impersonation_are_sent()
    {
        await using var server = await FakeApiServer.CreateAsync();
        using var client = new ApiServerConnection(server.Configuration with
        {
            Username = "joe",
            Password = "pa:ss",
            Impersonation = new("jane")
            {
                Groups = ["dev", "ops"],
                Uid = "42",
                Extra = new Dictionary<string, IReadOnlyList<string>> { ["example.org/scope"] = ["x"] },
            },
        }, TimeProvider.System);
        await client.Kubernetes.Version.GetCodeAsync();
        var headers = server.Requests.Single().Headers;
        Assert.Equal("Basic am9lOnBhOnNz", headers["Authorization"]);
        Assert.Equal("jane", headers["Impersonate-User"]);
        Assert.Equal("dev,ops", headers["Impersonate-Group"].Replace(", ", ","));
        Assert.Equal("42", headers["Impersonate-Uid"]);
        Assert.Equal("x", headers["Impersonate-Extra-example.org%2Fscope"]);
    }

    [Fact]
    public async Task A_plug_in_receives_cluster_information_and_its_token_is_kept_until_it_expires()
    {
        await using var server = await FakeApiServer.CreateAsync(https: true);
        using var directory = new TemporaryDirectory();
        var time = new ManualTimeProvider();
        var plugin = Script(directory, """
            echo run >> "$DIR/runs"
            printf '%s' "$KUBERNETES_EXEC_INFO" > "$DIR/info"
            printf '%s|' "$@" > "$DIR/arguments"
            echo "{\"apiVersion\":\"client.authentication.k8s.io/v1\",\"kind\":\"ExecCredential\",\"status\":{\"token\":\"token-$(wc -l < "$DIR/runs" | tr -d ' ')\",\"expirationTimestamp\":\"2030-01-01T00:10:00Z\"}}"
            """) with { Arguments = ["with blank", "", "$HOME"], ProvideClusterInfo = true, ClusterConfig = JsonNode.Parse("""{"audience":"x"}""") };
        using var client = new ApiServerConnection(server.Configuration with { Token = new TokenSource.Exec(plugin) }, time);
        await client.Kubernetes.Version.GetCodeAsync();
        time.Advance(TimeSpan.FromMinutes(9));
        await client.Kubernetes.Version.GetCodeAsync();
        time.Advance(TimeSpan.FromMinutes(2));
        await client.Kubernetes.Version.GetCodeAsync();

        Assert.Equal(["token-1", "token-1", "token-2"], server.Requests.Select(request => request.Token));
        Assert.Equal("with blank||$HOME|", File.ReadAllText(Path.Combine(directory.Path, "arguments")));
        var info = JsonNode.Parse(File.ReadAllText(Path.Combine(directory.Path, "info")))!;
        Assert.Equal("ExecCredential", info["kind"]!.ToString());
        Assert.Equal("client.authentication.k8s.io/v1", info["apiVersion"]!.ToString());
        Assert.False(info["spec"]!["interactive"]!.GetValue<bool>());
        Assert.Equal(server.Address.ToString().TrimEnd('/'), info["spec"]!["cluster"]!["server"]!.ToString());
        Assert.Equal(Convert.ToBase64String(server.Authority!.Pem), info["spec"]!["cluster"]!["certificate-authority-data"]!.ToString());
        Assert.Equal("x", info["spec"]!["cluster"]!["config"]!["audience"]!.ToString());
    }

    [Fact]
    public async Task A_rejected_token_of_a_plug_in_is_recreated()
    {
        await using var server = await FakeApiServer.CreateAsync();
        server.AcceptedTokens = ["token-2"];
        using var directory = new TemporaryDirectory();
        var plugin = Script(directory, """
            echo run >> "$DIR/runs"
            echo "{\"apiVersion\":\"client.authentication.k8s.io/v1\",\"kind\":\"ExecCredential\",\"status\":{\"token\":\"token-$(wc -l < "$DIR/runs" | tr -d ' ')\"}}"
            """);
        using var client = new ApiServerConnection(server.Configuration with { Token = new TokenSource.Exec(plugin) }, TimeProvider.System);
        await client.Kubernetes.Version.GetCodeAsync();
        Assert.Equal(["token-1", "token-2"], server.Requests.Select(request => request.Token));
    }

    [Fact]
    public async Task The_client_certificate_of_a_plug_in_is_sent()
    {
        await using var server = await FakeApiServer.CreateAsync(https: true);
        using var directory = new TemporaryDirectory();
        var (certificate, key) = server.Authority!.IssuePem("plugin.example");
        directory.Write("answer", new JsonObject
        {
            ["apiVersion"] = "client.authentication.k8s.io/v1beta1",
            ["kind"] = "ExecCredential",
            ["status"] = new JsonObject
            {
                ["clientCertificateData"] = System.Text.Encoding.ASCII.GetString(certificate),
                ["clientKeyData"] = System.Text.Encoding.ASCII.GetString(key),
            },
        }.ToJsonString());
        var plugin = Script(directory, "cat \"$DIR/answer\"") with { ApiVersion = "client.authentication.k8s.io/v1beta1" };
        using var client = new ApiServerConnection(server.Configuration with { Token = new TokenSource.Exec(plugin) }, TimeProvider.System);
        await client.Kubernetes.Version.GetCodeAsync();
        Assert.Equal("CN=plugin.example", server.Requests.Single().ClientCertificate);
    }

    [Theory]
    [InlineData("echo 'no such account' >&2; exit 3", "exited with code 3: no such account")]
    [InlineData("echo hidden-token", "printed no ExecCredential")]
    [InlineData("echo '{\"apiVersion\":\"v2\",\"kind\":\"ExecCredential\"}'", "printed v2 ExecCredential instead of")]
    [InlineData("echo '{\"apiVersion\":\"client.authentication.k8s.io/v1\",\"kind\":\"ExecCredential\",\"status\":{}}'", "neither a token nor")]
    [InlineData("sleep 30", "did not answer within 3 s")]
    public async Task The_failure_of_a_plug_in_has_a_reason(string script, string expected)
    {
        using var directory = new TemporaryDirectory();
        var plugin = Script(directory, script);
        var error = await FailureAsync(plugin);
        Assert.Contains(expected, error.Message);
        Assert.Contains(plugin.Command, error.Message);
        Assert.DoesNotContain("hidden-token", error.ToString());
    }

    [Fact]
    public async Task A_missing_plug_in_shows_its_install_hint()
    {
        var error = await FailureAsync(new("client.authentication.k8s.io/v1", "no-such-plugin") { InstallHint = "install it from example.org" });
        Assert.Contains("install it from example.org", error.Message);
    }

    private static async Task<KubeConfigException> FailureAsync(ExecPlugin plugin)
    {
        using var client = new ApiServerConnection(new()
        {
            Host = new("http://127.0.0.1:1"),
            Token = new TokenSource.Exec(plugin),
            Timeouts = new() { ExecPlugin = TimeSpan.FromSeconds(3) },
        }, TimeProvider.System);
        return await Assert.ThrowsAsync<KubeConfigException>(() => client.Kubernetes.Version.GetCodeAsync());
    }

    private static ExecPlugin Script(TemporaryDirectory directory, string body)
    {
        var path = directory.Write("plugin", "#!/bin/sh\n" + body + "\n");
        if (!OperatingSystem.IsWindows())
            File.SetUnixFileMode(path, UnixFileMode.UserRead | UnixFileMode.UserWrite | UnixFileMode.UserExecute);
        return new("client.authentication.k8s.io/v1", path) { Environment = new Dictionary<string, string> { ["DIR"] = directory.Path } };
    }
}
