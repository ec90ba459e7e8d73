using System.Text;
using IngressController.Cli;
using IngressController.Configuration;
using IngressController.Routing.Annotations;
using IngressController.Routing.Catalog;
using IngressController.Routing.Features.RateLimiting;
using IngressController.Routing.Settings;
using Microsoft.Extensions.Configuration;

namespace IngressController.Tests.Cli;

public sealed class RunOptionsTests
{
    /// <summary>
    /// For each option two valid values and an invalid one; null if every text is valid. The first value is not the default.
    /// </summary>
    private static readonly Dictionary<string, (string Valid, string Other, string? Invalid)> Values = new()
    {
        ["manifests"] = ("/", "/tmp", "/nonexistent"),
        ["kubeconfig"] = ("a", "b", null),
        ["context"] = ("a", "b", null),
        ["watch-namespace"] = ("a", "b", null),
        ["ingress-class"] = ("a", "b", null),
        ["controller-class"] = ("a", "b", null),
        ["watch-ingress-without-class"] = ("true", "false", "yes"),
        ["http-port"] = ("1", "65535", "65536"),
        ["https-port"] = ("1", "0", "-1"),
        ["admin-port"] = ("1", "2", "x"),
        ["bind-address"] = ("127.0.0.1", "::1", "localhost"),
        ["session-key-file"] = ("/etc/session-key", "key", null),
        ["server-header"] = ("false", "true", "1"),
        ["allow-trace"] = ("true", "false", "1"),
        ["direct-forwarding"] = ("false", "true", "maybe"),
        ["event-loops"] = ("false", "true", "maybe"),
        ["allow-bare-line-feed"] = ("true", "false", "1"),
        ["default-ssl-certificate"] = ("a/b", "a/c", "a"),
        ["default-backend-service"] = ("a/b", "a/c", "a/b/c"),
        ["configmap"] = ("a/b", "a/c", "a"),
        ["replicas-service"] = ("a/b", "a/c", "a/b/c"),
        ["allow-external-name-loopback"] = ("true", "false", "on"),
        ["proxy-connect-timeout"] = ("1", "0.5", "0"),
        ["proxy-read-timeout"] = ("1", "2", "1s"),
        ["proxy-send-timeout"] = ("1", "2.5", "-1"),
        ["annotation-prefix"] = ("a.example", "b", "a/b"),
        ["log-level"] = ("debug", "warning", "Trace"),
        ["limit-status-code"] = ("429", "503", "200"),
        ["publish-service"] = ("a/b", "a/c", "a"),
        ["publish-status-address"] = ("192.0.2.1", "edge.example", "https://edge.example"),
        ["update-status"] = ("false", "true", "no"),
        ["update-status-on-shutdown"] = ("true", "false", "no"),
        ["emit-events"] = ("false", "true", "no"),
        ["leader-elect"] = ("false", "true", "no"),
        ["leader-elect-resource-name"] = ("a", "b.c", "A"),
        ["leader-elect-lease-duration"] = ("30", "20", "0"),
        ["leader-elect-renew-deadline"] = ("11", "12", "x"),
        ["leader-elect-retry-period"] = ("1", "3", "-1"),
        ["initial-sync-timeout"] = ("0", "1", "-1"),
        ["health-path"] = ("/healthz", "/ready", "healthz"),
        ["max-request-header-fields"] = ("100", "200", "9"),
        ["max-request-header-size"] = ("65536", "1048576", "1048577"),
        ["max-request-line-size"] = ("16384", "1024", "8k"),
        ["keep-alive-timeout"] = ("75", "0.5", "0"),
        ["max-connections"] = ("1000", "1", "0"),
        ["max-connections-per-client"] = ("50", "1", "1000001"),
        ["max-streams-per-connection"] = ("128", "10000", "0"),
        ["max-connection-buffer"] = ("65535", "16777216", "65534"),
        ["max-requests"] = ("1000", "1", "many"),
        ["max-buffered-bytes"] = ("65536", "8589934592", "65535"),
        ["max-buffered-bytes-per-connection"] = ("65536", "8589934592", "65535"),
        ["max-header-bytes"] = ("65536", "8589934592", "1m"),
        ["response-stall-timeout"] = ("30", "0", "-1"),
        ["min-response-rate"] = ("50", "0", "2000000"),
        ["min-request-body-rate"] = ("50", "0", "fast"),
        ["request-body-grace-period"] = ("60", "2", "1"),
        ["shutdown-delay"] = ("0", "1", "-1"),
        ["shutdown-grace-period"] = ("0.5", "1", "30s"),
    };

    public static TheoryData<string> Names { get; } = [.. RunOptions.Declared.Select(option => option.Name)];

    [Theory]
    [MemberData(nameof(Names))]
    public void Each_layer_sets_the_option_in_order_of_precedence(string name)
    {
        var option = RunOptions.All.Single(option => option.Name == name);
        Assert.True(Values.TryGetValue(name, out var value), $"add values for --{name} to this test");
        var fromFlag = Read(option, flag: value.Valid);
        var defaults = Read(option);

        Assert.NotEqual(Text(defaults), Text(fromFlag));
        Assert.Equal(value.Valid, OptionValues.Text(option.Value(fromFlag)));
        Assert.Equal(Text(fromFlag), Text(Read(option, environment: value.Valid)));
        Assert.Equal(Text(fromFlag), Text(Read(option, appSettings: value.Valid)));
        Assert.Equal(Text(fromFlag), Text(Read(option, flag: value.Valid, environment: value.Other, appSettings: value.Other)));
        Assert.Equal(Text(fromFlag), Text(Read(option, environment: value.Valid, appSettings: value.Other)));
        Assert.Equal(Text(defaults), Text(Read(option, environment: "")));
    }

    [Theory]
    [MemberData(nameof(Names))]
    public void Invalid_value_is_reported_with_its_source(string name)
    {
        var option = RunOptions.All.Single(option => option.Name == name);
        var invalid = Values[name].Invalid ?? "";

        Assert.StartsWith($"--{name}: ", Assert.Throws<FormatException>(() => Read(option, flag: invalid)).Message, StringComparison.Ordinal);
        if (invalid.Length == 0)
            return;
        Assert.StartsWith($"{option.EnvironmentVariable}: ", Assert.Throws<FormatException>(() => Read(option, environment: invalid)).Message, StringComparison.Ordinal);
        Assert.StartsWith($"appsettings {option.AppSettingsKey}: ", Assert.Throws<FormatException>(() => Read(option, appSettings: invalid)).Message, StringComparison.Ordinal);
    }

    [Theory]
    [MemberData(nameof(Names))]
    public void Default_is_derived_from_the_options_and_is_a_valid_value(string name)
    {
        var option = RunOptions.All.Single(option => option.Name == name);

        Assert.DoesNotContain("default", option.Description, StringComparison.OrdinalIgnoreCase);
        if (option.DefaultValue is not { } value)
            return;
        Assert.Equal("none", option.Unset);
        Assert.Equal(Text(new IngressOptions()), Text(Read(option, environment: value) with { Pod = new PodOptions() }));
    }

    [Fact]
    public void A_repeatable_option_is_a_list_in_every_layer()
    {
        var option = RunOptions.All.Single(option => option.Name == "watch-namespace");

        Assert.Equal(["a", "b"], OptionLayers.Read([option], _ => ["a", "b"], _ => null, Settings("{}")).Source.WatchNamespaces);
        Assert.Equal(["a", "b"], Read(option, environment: "a, b,").Source.WatchNamespaces);
        Assert.Equal(["a", "b"], Read(option, appSettings: "a,b").Source.WatchNamespaces);
        Assert.Equal(["a", "b"], OptionLayers.Read([option], _ => [], _ => null, Settings("""{"Ingress": {"WatchNamespace": ["a", "b"]}}""")).Source.WatchNamespaces);
    }

    [Theory]
    [InlineData("leader-elect-lease-duration", "10", "--leader-elect-lease-duration must be longer than --leader-elect-renew-deadline")]
    [InlineData("leader-elect-renew-deadline", "15", "--leader-elect-lease-duration must be longer than --leader-elect-renew-deadline")]
    [InlineData("leader-elect-retry-period", "9", "--leader-elect-renew-deadline must be longer than 1.2 times --leader-elect-retry-period")]
    public void Lease_duration_exceeds_the_renew_deadline_which_exceeds_the_retry_period(string name, string value, string message)
    {
        var option = RunOptions.All.Single(option => option.Name == name);

        Assert.Equal(message, Assert.Throws<FormatException>(() => Read(option, flag: value)).Message);
    }

    [Fact]
    public void Pod_is_read_from_POD_NAME_and_POD_NAMESPACE()
    {
        var pod = OptionLayers.Read([], _ => [], name => name switch { "POD_NAME" => "a", "POD_NAMESPACE" => "b", _ => null }, Settings("{}")).Pod;

        Assert.Equal(new PodOptions { Name = "a", Namespace = "b" }, pod);
        Assert.Equal(new PodOptions(), OptionLayers.Read([], _ => [], _ => null, Settings("{}")).Pod);
    }

    [Fact]
    public void Annotation_prefixes_replace_the_defaults()
    {
        var option = RunOptions.All.Single(option => option.Name == "annotation-prefix");
        string[] Prefixes(params string[] values) => [.. OptionLayers.Read([option], _ => values, _ => null, Settings("{}")).Translation.AnnotationPrefixes];

        Assert.Equal(["yarp.ingress.kubernetes.io", "nginx.ingress.kubernetes.io"], Prefixes());
        Assert.Equal(["a.example"], Prefixes("a.example"));
        Assert.Equal(
            ["yarp.ingress.kubernetes.io", "nginx.ingress.kubernetes.io", "a.example"],
            Prefixes("yarp.ingress.kubernetes.io", "nginx.ingress.kubernetes.io", "a.example"));
    }

    [Theory]
    [InlineData("a.example/")]
    [InlineData("A.example")]
    [InlineData("-a.example")]
    [InlineData("a-.example")]
    [InlineData("a..example")]
    [InlineData(".example")]
    [InlineData("a.example\n")]
    [InlineData("a_b.example")]
    public void Annotation_prefix_must_be_a_DNS_name(string prefix)
    {
        var option = RunOptions.All.Single(option => option.Name == "annotation-prefix");

        Assert.Contains("is not an annotation prefix", Assert.Throws<FormatException>(() => Read(option, flag: prefix)).Message, StringComparison.Ordinal);
        Assert.Throws<FormatException>(() => Read(option, flag: new string('a', 64)));
        Assert.Throws<FormatException>(() => Read(option, flag: string.Join('.', Enumerable.Repeat("abc", 64))));
    }

    [Fact]
    public void Setting_is_an_option_unless_an_option_has_its_name()
    {
        var taken = SettingKey.Of("http-port", ValueForms.Text, "-", "Test.", (settings, _) => settings);
        var flag = SettingKey.Of("some-flag", ValueForms.Boolean, "false", "Test.", (RateLimitSettings settings, bool value) => settings with { LimitConnStatusCode = value ? 1 : 2 });

        var option = Assert.Single(SettingOptions.Of([taken, flag], RunOptions.Declared));

        Assert.Equal(("--some-flag", "INGRESS_SOME_FLAG", "Ingress:SomeFlag", true, true), (option.Flag, option.EnvironmentVariable, option.AppSettingsKey, option.IsSwitch, option.IsHidden));
        Assert.Equal(1, Read(option, [option], flag: "true").Translation.Global.Get<RateLimitSettings>().LimitConnStatusCode);
        Assert.Equal(2, Read(option, [option], environment: "false").Translation.Global.Get<RateLimitSettings>().LimitConnStatusCode);
        Assert.Equal(
            "--some-flag: \"yes\" is neither true nor false", Assert.Throws<FormatException>(() => Read(option, [option], flag: "yes")).Message);
    }

    [Fact]
    public void Each_setting_is_an_option_of_every_command_that_translates()
    {
        var names = RouteFeatures.Catalog.Settings.All.Select(setting => setting.Name).ToArray();

        Assert.All([RunOptions.All, RunOptions.Demo, RunOptions.Lint, RunOptions.Explain], options =>
            Assert.Empty(names.Except(options.Select(option => option.Name)).Except(RunOptions.Declared.Select(option => option.Name))));
        Assert.Empty(RunOptions.All.GroupBy(option => option.Name).Where(group => group.Count() > 1).Select(group => group.Key));
    }

    [Fact]
    public void Settings_take_precedence_over_the_option_that_sets_both_limit_statuses()
    {
        var options = OptionLayers.Read(
            RunOptions.All, option => option.Name switch { "limit-status-code" => ["429"], "limit-conn-status-code" => ["430"], _ => [] }, _ => null, Settings("{}"));

        Assert.Equal(new RateLimitSettings { LimitReqStatusCode = 429, LimitConnStatusCode = 430 }, options.Translation.Global.Get<RateLimitSettings>());
    }

    [Fact]
    public void Numbers_and_booleans_of_appsettings_need_no_quotes()
    {
        var options = OptionLayers.Read(RunOptions.All, _ => [], _ => null, Settings("""{"Ingress": {"HttpPort": 81, "ServerHeader": false}}"""));

        Assert.Equal((81, false), (options.Listener.HttpPort, options.Listener.ServerHeader));
    }

    [Fact]
    public void Unknown_key_of_appsettings_is_rejected()
    {
        var error = Assert.Throws<FormatException>(() => OptionLayers.Read(RunOptions.All, _ => [], _ => null, Settings("""{"Ingress": {"HtpPort": 81}}""")));

        Assert.StartsWith("appsettings Ingress:HtpPort: there is no such option", error.Message, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("Unrecognized command or argument '--bogus'", "--bogus")]
    [InlineData("Unrecognized command or argument 'serve'", "serve")]
    [InlineData("Unrecognized command or argument 'maybe'", "--server-header", "maybe")]
    [InlineData("--server-header: \"maybe\" is neither true nor false", "--server-header=maybe")]
    [InlineData("Required argument missing for option: '--http-port'", "--http-port")]
    [InlineData("--http-port: \"x\" is not a port", "run", "--http-port", "x")]
    [InlineData("--http-port: \"x\" is not a port", "--http-port", "x", "demo")]
    [InlineData("--http-port: given 2 times; give it once", "--http-port", "1", "--http-port=2")]
    [InlineData("--http-port: given 2 times; give it once", "--http-port", "1", "run", "--http-port", "2")]
    [InlineData("--server-header: given 2 times; give it once", "--server-header", "--server-header")]
    [InlineData("--manifests: no folder \"/nonexistent\" exists", "--manifests", "/nonexistent")]
    [InlineData("--kubeconfig: demo has no such option", "--kubeconfig", "x", "demo")]
    [InlineData("Unrecognized command or argument '--kubeconfig'", "demo", "--kubeconfig", "x")]
    [InlineData("--limit-req-status-code: \"x\" is not a whole number", "--limit-req-status-code", "x")]
    [InlineData("--limit-req-status-code: \"x\" is not a whole number", "lint", "-", "--limit-req-status-code", "x")]
    [InlineData("--annotation-prefix: \"a/\" is not an annotation prefix", "--annotation-prefix", "b.example", "--annotation-prefix", "a/")]
    [InlineData("--http-port: annotations has no such option", "--http-port", "80", "annotations")]
    [InlineData("--manifests and --kubeconfig cannot be combined", "--manifests", "/", "--kubeconfig", "x")]
    public async Task A_usage_error_is_one_line_and_exit_code_2(string expected, params string[] args)
    {
        var (code, text, error) = await CommandRun.InvokeAsync(args);

        Assert.Equal((2, ""), (code, text));
        Assert.Contains(expected, Assert.Single(error.TrimEnd().Split('\n')), StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("--x=1", "--x=1")]
    [InlineData("--server-header=true|demo", "--server-header", "demo")]
    [InlineData("--server-header|False|demo", "--server-header", "False", "demo")]
    [InlineData("--server-header=true", "--server-header")]
    public void Switch_takes_the_next_argument_only_if_it_is_a_boolean(string expected, params string[] args) =>
        Assert.Equal(expected, string.Join('|', RunFlags.Normalize(args)));

    [Fact]
    public async Task Help_lists_every_command_and_every_option_with_its_environment_variable()
    {
        var (code, text, _) = await CommandRun.InvokeAsync(["--help"]);

        Assert.Equal(0, code);
        Assert.All(RunOptions.Declared, option => Assert.Contains($"[env: {option.EnvironmentVariable}]", text, StringComparison.Ordinal));
        Assert.All(RunOptions.Declared, option => Assert.Contains($"  {option.Flag} <{option.ValueName}>", text, StringComparison.Ordinal));
        Assert.Contains("Port for HTTP. 0 takes a free port. Default: 8080. [env: INGRESS_HTTP_PORT]", text, StringComparison.Ordinal);
        Assert.All(["run ", "demo ", "lint <PATH>", "explain <URL>", "annotations <NAME>", "settings <NAME>", "--version", "appsettings.json"], word => Assert.Contains(word, text, StringComparison.Ordinal));
    }

    [Fact]
    public async Task Version_is_one_line()
    {
        var (code, text, _) = await CommandRun.InvokeAsync(["--version"]);

        Assert.Equal(0, code);
        Assert.Matches(@"^\d+\.\d+\.\d+\S*\n$", text);
    }

    private static IngressOptions Read(RunOption option, string? flag = null, string? environment = null, string? appSettings = null) =>
        OptionLayers.Read(
            RunOptions.All,
            other => other == option && flag is not null ? [flag] : [],
            name => name == option.EnvironmentVariable ? environment : null,
            new ConfigurationBuilder().AddInMemoryCollection([new(option.AppSettingsKey, appSettings)]).Build());

    private static IngressOptions Read(RunOption option, RunOption[] accepted, string? flag = null, string? environment = null) => OptionLayers.Read(
        accepted,
        other => other == option && flag is not null ? [flag] : [],
        name => name == option.EnvironmentVariable ? environment : null,
        Settings("{}"));

    private static string Text(IngressOptions options) => $"{options} {string.Join(',', options.Source.WatchNamespaces)}";

    private static IConfigurationRoot Settings(string json) =>
        new ConfigurationBuilder().AddJsonStream(new MemoryStream(Encoding.UTF8.GetBytes(json))).Build();
}
