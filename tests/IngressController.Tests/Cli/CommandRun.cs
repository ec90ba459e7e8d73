using IngressController.Cli;

namespace IngressController.Tests.Cli;

/// <summary>Runs a command line in process.</summary>
internal static class CommandRun
{
    public static async Task<(int Code, string Out, string Error)> InvokeAsync(string[] args, string input = "")
    {
        using var output = new StringWriter();
        using var error = new StringWriter();
        var code = await CommandLine.InvokeAsync(args, new Terminal(new StringReader(input), output, error));
        return (code, output.ToString(), error.ToString());
    }
}
