@echo off
rem Instala latam-edge desde esta carpeta, sin internet / Instala o latam-edge a partir desta pasta, sem internet
rem   instalar.bat              instalar
rem   instalar.bat verify       comprobar la valija / conferir a maleta
rem   instalar.bat uninstall    desinstalar
chcp 65001 >nul
setlocal
set "HERE=%~dp0"
set "GOOD=import sys; sys.exit(sys.version_info < (3, 11))"
for %%V in (3.14 3.13 3.12 3.11) do (
    py -%%V -c "%GOOD%" >nul 2>nul && (
        py -%%V -I "%HERE%latam-edge\start.py" %*
        goto end
    )
)
python -c "%GOOD%" >nul 2>nul && (
    python -I "%HERE%latam-edge\start.py" %*
    goto end
)
rem The stick may carry a whole Python (nuget.org's package "python", a zip). Windows 10 and later have tar.
set "PLACE=%LOCALAPPDATA%\latam-edge\python"
set "ARCHIVE=%HERE%latam-edge\python\windows-x86_64.zip"
if exist "%ARCHIVE%" (
    if not exist "%PLACE%\tools\python.exe" (
        rmdir /s /q "%PLACE%.part" 2>nul
        mkdir "%PLACE%.part"
        tar -xf "%ARCHIVE%" -C "%PLACE%.part" && move "%PLACE%.part" "%PLACE%" >nul
    )
    if exist "%PLACE%\tools\python.exe" (
        "%PLACE%\tools\python.exe" -I "%HERE%latam-edge\start.py" %*
        goto end
    )
)
echo Hace falta Python 3.11 o mas nuevo, y aqui no esta. Pide a quien cuida la maquina que lo instale.
echo E preciso Python 3.11 ou mais novo, e aqui nao esta. Peca a quem cuida da maquina que o instale.
echo Python 3.11 or newer is needed and is not here. Ask whoever looks after this machine to install it.
:end
echo.
pause
