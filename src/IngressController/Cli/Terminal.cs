namespace IngressController.Cli;

/// <summary>What commands read from and write to.</summary>
internal sealed record Terminal(TextReader In, TextWriter Out, TextWriter Error)
{
    public static Terminal Console { get; } = new(System.Console.In, System.Console.Out, System.Console.Error);

    /// <summary>Says in one line why the command ends.</summary>
    public Task ComplainAsync(string message) =>
        Error.WriteLineAsync($"ingress-controller: {message.ReplaceLineEndings(" ").TrimEnd('.')}");
}
