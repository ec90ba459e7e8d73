using System.Text;
using IngressController.Cli;
using IngressController.Configuration;
using Microsoft.Extensions.Configuration;

namespace IngressController.Tests.Cli;

public sealed class RunOptionsTests
{
    /// <summary>For each option two good values, the second not its default, and a bad one; null where every text is good.</summary>
    private static readonly Dictionary<string, (string Good, string Other, string? Bad)> Values = new()
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
        ["server-header"] = ("false", "true", "1"),
        ["default-ssl-certificate"] = ("a/b", "a/c", "a"),
        ["default-backend-service"] = ("a/b", "a/c", "a/b/c"),
        ["configmap"] = ("a/b", "a/c", "a"),
        ["replicas-service"] = ("a/b", "a/c", "a/b/c"),
        ["allow-external-name-loopback"] = ("true", "false", "on"),
        ["proxy-connect-timeout"] = ("1", "0.5", "0"),
        ["proxy-read-timeout"] = ("1", "2", "1s"),
    };

    public static TheoryData<string> Names { get; } = [.. RunOptions.All.Select(option => option.Name)];

    [Theory]
    [MemberData(nameof(Names))]
    public void Each_layer_sets_the_option_and_the_nearer_one_wins(string name)
    {
        var option = RunOptions.All.Single(option => option.Name == name);
        Assert.True(Values.TryGetValue(name, out var value), $"give --{name} its values in this test");
        var fromFlag = Read(option, flag: value.Good);
        var defaults = Read(option);

        Assert.NotEqual(Text(defaults), Text(fromFlag));
        Assert.Equal(Text(fromFlag), Text(Read(option, environment: value.Good)));
        Assert.Equal(Text(fromFlag), Text(Read(option, appSettings: value.Good)));
        Assert.Equal(Text(fromFlag), Text(Read(option, flag: value.Good, environment: value.Other, appSettings: value.Other)));
        Assert.Equal(Text(fromFlag), Text(Read(option, environment: value.Good, appSettings: value.Other)));
        Assert.Equal(Text(defaults), Text(Read(option, environment: "")));
    }

    [Theory]
    [MemberData(nameof(Names))]
    public void A_bad_value_is_named_with_its_place(string name)
    {
        var option = RunOptions.All.Single(option => option.Name == name);
        var bad = Values[name].Bad ?? "";

        Assert.StartsWith($"--{name}: ", Assert.Throws<FormatException>(() => Read(option, flag: bad)).Message, StringComparison.Ordinal);
        if (bad.Length == 0)
            return;
        Assert.StartsWith($"{option.EnvironmentVariable}: ", Assert.Throws<FormatException>(() => Read(option, environment: bad)).Message, StringComparison.Ordinal);
        Assert.StartsWith($"appsettings {option.AppSettingsKey}: ", Assert.Throws<FormatException>(() => Read(option, appSettings: bad)).Message, StringComparison.Ordinal);
    }

    [Fact]
    public void A_repeatable_option_is_a_list_in_every_layer()
    {
        var option = RunOptions.All.Single(option => option.IsRepeatable);

        Assert.Equal(["a", "b"], RunOptions.Read([option], _ => ["a", "b"], _ => null, Settings("{}")).Source.WatchNamespaces);
        Assert.Equal(["a", "b"], Read(option, environment: "a, b,").Source.WatchNamespaces);
        Assert.Equal(["a", "b"], Read(option, appSettings: "a,b").Source.WatchNamespaces);
        Assert.Equal(["a", "b"], RunOptions.Read([option], _ => [], _ => null, Settings("""{"Ingress": {"WatchNamespace": ["a", "b"]}}""")).Source.WatchNamespaces);
    }

    [Fact]
    public void Numbers_and_booleans_of_appsettings_need_no_quotes()
    {
        var options = RunOptions.Read(RunOptions.All, _ => [], _ => null, Settings("""{"Ingress": {"HttpPort": 81, "ServerHeader": false}}"""));

        Assert.Equal((81, false), (options.Listener.HttpPort, options.Listener.ServerHeader));
    }

    [Fact]
    public void An_unknown_key_of_appsettings_is_no_silent_typo()
    {
        var error = Assert.Throws<FormatException>(() => RunOptions.Read(RunOptions.All, _ => [], _ => null, Settings("""{"Ingress": {"HtpPort": 81}}""")));

        Assert.StartsWith("appsettings Ingress:HtpPort: there is no such option", error.Message, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("Unrecognized command or argument '--bogus'", "--bogus")]
    [InlineData("Unrecognized command or argument 'serve'", "serve")]
    [InlineData("Unrecognized command or argument 'maybe'", "--server-header", "maybe")]
    [InlineData("--server-header: \"maybe\" is neither true nor false", "--server-header=maybe")]
    [InlineData("Required argument missing for option: '--http-port'", "--http-port")]
    [InlineData("--http-port: \"x\" is no port", "run", "--http-port", "x")]
    [InlineData("--http-port: \"x\" is no port", "--http-port", "x", "demo")]
    [InlineData("--http-port: given 2 times; give it once", "--http-port", "1", "--http-port=2")]
    [InlineData("--http-port: given 2 times; give it once", "--http-port", "1", "run", "--http-port", "2")]
    [InlineData("--server-header: given 2 times; give it once", "--server-header", "--server-header")]
    [InlineData("--manifests: no folder \"/nonexistent\" exists", "--manifests", "/nonexistent")]
    [InlineData("--kubeconfig: demo has no such option", "--kubeconfig", "x", "demo")]
    [InlineData("Unrecognized command or argument '--kubeconfig'", "demo", "--kubeconfig", "x")]
    [InlineData("--manifests and --kubeconfig exclude each other", "--manifests", "/", "--kubeconfig", "x")]
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
    public void A_switch_takes_the_next_argument_only_when_it_is_its_value(string expected, params string[] args) =>
        Assert.Equal(expected, string.Join('|', RunFlags.Normalize(args)));

    [Fact]
    public async Task Help_lists_every_verb_and_every_option_with_its_environment_variable()
    {
        var (code, text, _) = await CommandRun.InvokeAsync(["--help"]);

        Assert.Equal(0, code);
        Assert.All(RunOptions.All, option => Assert.Contains($"[env: {option.EnvironmentVariable}]", text, StringComparison.Ordinal));
        Assert.All(RunOptions.All, option => Assert.Contains($"  {option.Flag} <{option.ValueName}>", text, StringComparison.Ordinal));
        Assert.All(["run ", "demo ", "lint <PATH>", "--version", "appsettings.json"], word => Assert.Contains(word, text, StringComparison.Ordinal));
    }

    [Fact]
    public async Task Version_is_one_line()
    {
        var (code, text, _) = await CommandRun.InvokeAsync(["--version"]);

        Assert.Equal(0, code);
        Assert.Matches(@"^\d+\.\d+\.\d+\S*\n$", text);
    }

    private static IngressOptions Read(RunOption option, string? flag = null, string? environment = null, string? appSettings = null) =>
        RunOptions.Read(
            RunOptions.All,
            other => other == option && flag is not null ? [flag] : [],
            name => name == option.EnvironmentVariable ? environment : null,
            new ConfigurationBuilder().AddInMemoryCollection([new(option.AppSettingsKey, appSettings)]).Build());

    private static string Text(IngressOptions options) => $"{options} {string.Join(',', options.Source.WatchNamespaces)}";

    private static IConfigurationRoot Settings(string json) =>
        new ConfigurationBuilder().AddJsonStream(new MemoryStream(Encoding.UTF8.GetBytes(json))).Build();
}
