using System.Text;
using IngressController.Kubernetes.Client;
using IngressController.Kubernetes.Configuration;
using IngressController.Tests.Fakes;
using k8s;
using k8s.Exceptions;

namespace IngressController.Tests.Kubernetes;

public sealed class KubeConfigTests : IDisposable
{
    private readonly TemporaryDirectory _directory = new();

    public void Dispose() => _directory.Dispose();

    [Fact]
    public void All_fields_of_a_cluster_and_a_user_are_read()
    {
        var configuration = Build("""
            current-context: c
            contexts: [{name: c, context: {cluster: k, user: u, namespace: team}}]
            clusters:
            - name: k
              cluster:
                server: https://api.example:6443/k8s/clusters/c-1
                certificate-authority: pki/ca.crt
                tls-server-name: kubernetes
                disable-compression: true
            users:
            - name: u
              user:
                token: inline
                tokenFile: tokens/t
                client-certificate-data: Y2VydA==
                client-key: /abs/key.pem
                as: jane
                as-uid: "7"
                as-groups: [dev]
                as-user-extra: {scope: [a, b]}
            """);
        Assert.Equal("https://api.example:6443/k8s/clusters/c-1", configuration.Host.AbsoluteUri);
        Assert.Equal(new PemSource.InFile(Path.Combine(_directory.Path, "pki/ca.crt")), configuration.CertificateAuthority);
        Assert.Equal("kubernetes", configuration.TlsServerName);
        Assert.True(configuration.DisableCompression);
        Assert.Equal(new TokenSource.InFile(Path.Combine(_directory.Path, "tokens/t")), configuration.Token);
        Assert.Equal("cert", Encoding.ASCII.GetString(Assert.IsType<PemSource.Inline>(configuration.ClientCertificate).Pem.Span));
        Assert.Equal(new PemSource.InFile("/abs/key.pem"), configuration.ClientKey);
        Assert.Equal("team", configuration.CurrentNamespace);
        Assert.Equal(("jane", "7"), (configuration.Impersonation!.User, configuration.Impersonation.Uid));
        Assert.Equal(["dev"], configuration.Impersonation.Groups);
        Assert.Equal(["a", "b"], configuration.Impersonation.Extra["scope"]);
        Assert.DoesNotContain("inline", configuration.ToString());
    }

    [Fact]
    public void The_command_of_an_exec_plug_in_is_relative_to_the_file()
    {
        var configuration = Build("""
            current-context: c
            contexts: [{name: c, context: {cluster: k, user: u}}]
            clusters:
            - name: k
              cluster:
                server: https://api.example
                proxy-url: socks5://proxy.example:1080
                extensions: [{name: client.authentication.k8s.io/exec, extension: {audience: x}}]
            users:
            - name: u
              user:
                exec:
                  apiVersion: client.authentication.k8s.io/v1beta1
                  command: ./bin/login
                  args: [a b, "-c"]
                  env: [{name: X, value: "1"}]
                  installHint: get it
                  provideClusterInfo: true
                  interactiveMode: IfAvailable
            """);
        var plugin = Assert.IsType<TokenSource.Exec>(configuration.Token).Plugin;
        Assert.Equal(Path.Combine(_directory.Path, "bin/login"), plugin.Command);
        Assert.Equal(["a b", "-c"], plugin.Arguments);
        Assert.Equal("1", plugin.Environment["X"]);
        Assert.Equal(("get it", true, "client.authentication.k8s.io/v1beta1"), (plugin.InstallHint, plugin.ProvideClusterInfo, plugin.ApiVersion));
        Assert.Equal("x", plugin.ClusterConfig!["audience"]!.ToString());
        Assert.Equal("socks5://proxy.example:1080/", configuration.ProxyUrl!.AbsoluteUri);
    }

    [Fact]
    public void The_first_file_takes_precedence_per_entry_and_missing_files_are_ignored()
    {
        var sub = Directory.CreateDirectory(Path.Combine(_directory.Path, "sub"));
        var first = _directory.Write("first", """
            contexts: [{name: c, context: {cluster: k, user: u}}]
            users: [{name: u, user: {token: first}}]
            """);
        var second = Path.Combine(sub.FullName, "second");
        File.WriteAllText(second, """
            {"current-context": "c",
             "contexts": [{"name": "c", "context": {"cluster": "other"}}, {"name": "d", "context": {"cluster": "k"}}],
             "clusters": [{"name": "k", "cluster": {"server": "https://second.example", "certificate-authority": "ca.crt"}}],
             "users": [{"name": "u", "user": {"token": "second", "as": "joe"}}]}
            """);
        var third = _directory.Write("third", "current-context: d");
        string[] paths = [Path.Combine(_directory.Path, "missing"), first, second, third];

        var configuration = ApiServerConfiguration.BuildConfigFromConfigFile(paths);
        Assert.Equal(new TokenSource.Literal("first"), configuration.Token);
        Assert.Null(configuration.Impersonation);
        Assert.Equal("second.example", configuration.Host.Host);
        Assert.Equal(new PemSource.InFile(Path.Combine(sub.FullName, "ca.crt")), configuration.CertificateAuthority);
        Assert.Null(ApiServerConfiguration.BuildConfigFromConfigFile(paths, "d").Token);

        var listed = ApiServerConfiguration.BuildDefaultConfig(
            null, null, name => name == "KUBECONFIG" ? string.Join(Path.PathSeparator, paths) : null);
        Assert.Equal("second.example", listed.Host.Host);
    }

    [Theory]
    [InlineData("clusters: []", "has no current-context")]
    [InlineData("{current-context: x, contexts: [{name: y, context: {cluster: k}}]}", "has no context 'x'; it has 'y'")]
    [InlineData("{current-context: c, contexts: [{name: c, context: {cluster: k}}]}", "context 'c' refers to the cluster 'k'")]
    [InlineData("a: [", "cannot be read: line ")]
    [InlineData("clusters: 5", "cannot be read: ")]
    public void The_error_names_a_missing_entry_and_the_file(string text, string expected)
    {
        var error = Assert.Throws<KubeConfigException>(() => Build(text));
        Assert.Contains(expected, error.Message);
        Assert.Contains(Path.Combine(_directory.Path, "config"), error.Message);
    }

    [Theory]
    [InlineData("server: ftp://x", "token: x", "cluster 'k': server 'ftp://x' must be")]
    [InlineData("{server: https://x, insecure-skip-tls-verify: true, certificate-authority-data: QQ==}", "token: x", "insecure-skip-tls-verify: remove one")]
    [InlineData("{server: https://x, certificate-authority-data: '%'}", "token: x", "cluster 'k': certificate-authority-data is not base64")]
    [InlineData("{server: https://x, proxy-url: 'gopher://x'}", "token: x", "proxy-url must be")]
    [InlineData("server: https://x", "client-key: k", "user 'u': client-certificate and client-key need each other")]
    [InlineData("server: https://x", "auth-provider: {name: gcp}", "use an exec plug-in")]
    [InlineData("server: https://x", "as-groups: [x]", "need 'as'")]
    [InlineData("server: https://x", "exec: {command: x, apiVersion: client.authentication.k8s.io/v1alpha1}", "exec.apiVersion 'client.authentication.k8s.io/v1alpha1'")]
    [InlineData("server: https://x", "exec: {command: x, apiVersion: client.authentication.k8s.io/v1, interactiveMode: Always}", "interactiveMode Always")]
    public void The_error_names_a_contradictory_entry(string cluster, string user, string expected)
    {
        var error = Assert.Throws<KubeConfigException>(() => Build($$$"""
            current-context: c
            contexts: [{name: c, context: {cluster: k, user: u}}]
            clusters:
            - name: k
              cluster: {{{(cluster[0] == '{' ? cluster : "{" + cluster + "}")}}}
            users:
            - name: u
              user: { {{{user}}} }
            """));
        Assert.Contains(expected, error.Message);
        Assert.Contains(Path.Combine(_directory.Path, "config"), error.Message);
    }

    [Fact]
    public void Skipping_the_certificate_check_warns()
    {
        var configuration = Build("""
            current-context: c
            contexts: [{name: c, context: {cluster: k}}]
            clusters: [{name: k, cluster: {server: "https://x", insecure-skip-tls-verify: true}}]
            """);
        Assert.True(configuration.SkipTlsVerify);
        Assert.Contains("insecure-skip-tls-verify", configuration.Warnings.Single());
    }

    [Fact]
    public void A_Pod_uses_its_service_account()
    {
        _directory.Write("token", "t");
        _directory.Write("ca.crt", "pem");
        _directory.Write("namespace", "infra\n");
        var environment = new Dictionary<string, string> { ["KUBERNETES_SERVICE_HOST"] = "fd00::1", ["KUBERNETES_SERVICE_PORT"] = "443" };
        Assert.True(ApiServerConfiguration.IsInCluster(_directory.Path, environment.GetValueOrDefault));
        var configuration = ApiServerConfiguration.InClusterConfig(_directory.Path, environment.GetValueOrDefault);
        Assert.Equal("https://[fd00::1]/", configuration.Host.AbsoluteUri);
        Assert.Equal(new PemSource.InFile(Path.Combine(_directory.Path, "ca.crt")), configuration.CertificateAuthority);
        Assert.Equal(new TokenSource.InFile(Path.Combine(_directory.Path, "token")), configuration.Token);
        Assert.Equal("infra", configuration.CurrentNamespace);
        environment["POD_NAMESPACE"] = "own";
        Assert.Equal("own", ApiServerConfiguration.InClusterConfig(_directory.Path, environment.GetValueOrDefault).CurrentNamespace);

        Assert.False(ApiServerConfiguration.IsInCluster(_directory.Path, _ => null));
        Assert.Throws<KubeConfigException>(() => ApiServerConfiguration.InClusterConfig(_directory.Path, _ => null));
    }

    [Fact]
    public async Task The_kubeconfig_of_the_fake_reaches_it()
    {
        await using var server = await FakeApiServer.CreateAsync(https: true);
        var path = Path.Combine(_directory.Path, "fake");
        server.WriteKubeconfig(path, "abc");
        using var client = new ApiServerConnection(ApiServerConfiguration.BuildDefaultConfig(path, null), TimeProvider.System);
        await client.Kubernetes.Version.GetCodeAsync();
        Assert.Equal("abc", server.Requests.Single().Token);
    }

    private ApiServerConfiguration Build(string text) =>
        ApiServerConfiguration.BuildConfigFromConfigFile([_directory.Write("config", text)]);
}
