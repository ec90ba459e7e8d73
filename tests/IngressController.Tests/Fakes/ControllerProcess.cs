using System.Collections.Concurrent;
using System.Diagnostics;
using System.Runtime.InteropServices;

namespace IngressController.Tests.Fakes;

/// <summary>The built program in a process of its own.</summary>
internal sealed class ControllerProcess : IDisposable
{
    private readonly Process _process;
    private readonly ConcurrentQueue<string> _out = new();
    private readonly ConcurrentQueue<string> _error = new();
    private readonly SemaphoreSlim _newLine = new(0);

    private ControllerProcess(Process process) => _process = process;

    public int Id => _process.Id;

    public string Out => string.Join('\n', _out);

    public string Error => string.Join('\n', _error);

    public static ControllerProcess Start(string workingFolder, string[] args, params (string Name, string Value)[] environment) =>
        Start(null, workingFolder, args, environment);

    /// <summary>Starts the program in a memory cgroup.</summary>
    public static ControllerProcess Start(MemoryCgroup? group, string workingFolder, string[] args, params (string Name, string Value)[] environment)
    {
        var start = new ProcessStartInfo(group is null ? "dotnet" : "/bin/sh")
        {
            WorkingDirectory = workingFolder,
            RedirectStandardOutput = true,
            RedirectStandardError = true,
            UseShellExecute = false,
        };
        // The shell joins the group and becomes the program.
        foreach (var arg in group is null ? [] : (string[])["-c", "echo $$ > \"$0\" && exec \"$@\"", group.Processes, "dotnet"])
            start.ArgumentList.Add(arg);
        start.ArgumentList.Add(Path.Combine(AppContext.BaseDirectory, "ingress-controller.dll"));
        foreach (var arg in args)
            start.ArgumentList.Add(arg);
        foreach (var name in (string[])["KUBECONFIG", "KUBERNETES_SERVICE_HOST"])
            start.Environment.Remove(name);
        start.Environment["HOME"] = workingFolder;
        start.Environment["TMPDIR"] = workingFolder;
        foreach (var (name, value) in environment)
            start.Environment[name] = value;

        var result = new ControllerProcess(new Process { StartInfo = start });
        result._process.OutputDataReceived += (_, line) => result.Add(result._out, line.Data);
        result._process.ErrorDataReceived += (_, line) => result.Add(result._error, line.Data);
        result._process.Start();
        result._process.BeginOutputReadLine();
        result._process.BeginErrorReadLine();
        return result;
    }

    /// <summary>Waits until the output holds a text.</summary>
    public async Task WaitForAsync(string text)
    {
        using var deadline = new CancellationTokenSource(TimeSpan.FromSeconds(20));
        while (!Out.Contains(text, StringComparison.Ordinal))
            await _newLine.WaitAsync(deadline.Token);
    }

    public void Signal(PosixSignal signal) => Posix.Signal(_process.Id, signal);

    public async Task<int> WaitForExitAsync()
    {
        await _process.WaitForExitAsync().WaitAsync(TimeSpan.FromSeconds(20));
        return _process.ExitCode;
    }

    public void Dispose()
    {
        if (!_process.HasExited)
            _process.Kill();
        _process.Dispose();
    }

    private void Add(ConcurrentQueue<string> lines, string? line)
    {
        if (line is null)
            return;
        lines.Enqueue(line);
        _newLine.Release();
    }
}
