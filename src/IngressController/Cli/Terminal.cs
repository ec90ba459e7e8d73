namespace IngressController.Cli;

/// <summary>The input and output streams of commands.</summary>
internal sealed record Terminal(TextReader In, TextWriter Out, TextWriter Error)
{
    public static Terminal Console { get; } = new(System.Console.In, System.Console.Out, System.Console.Error);

    /// <summary>Writes an error as one line.</summary>
    public Task WriteErrorAsync(string message) =>
        Error.WriteLineAsync($"ingress-controller: {message.ReplaceLineEndings(" ").TrimEnd('.')}");
}
